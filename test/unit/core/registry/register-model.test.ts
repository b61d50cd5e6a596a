import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeModel } from '../../../../core/onnx/describe-model.ts';
import { ModelProtoSchema, ValueInfoProtoSchema } from '../../../../core/onnx/schema/onnx_pb.ts';
import type { Artifact } from '../../../../core/registry/model-version.ts';
import { type RegisterModelDependencies, registerModel } from '../../../../core/registry/register-model.ts';
import type { ReadyVersionDraft } from '../../../../core/registry/registry-writer.ts';

const MODELS = join(import.meta.dirname, '../../../support/models');
const ADD_SUB = join(MODELS, 'add_sub.onnx');

/** Keeps what it is told to keep, in the order in which it is told. */
function recorder() {
  const calls: (Artifact | ReadyVersionDraft)[] = [];
  const steps: string[] = [];
  const dependencies: RegisterModelDependencies = {
    artifacts: {
      put: async (artifact, _path, onProgress) => {
        calls.push(artifact);
        onProgress?.(artifact.size);
        return 'created';
      },
    },
    registry: {
      registerVersion: async (draft) => {
        calls.push(draft);
        return { ...draft, version: '1', status: 'READY', createdAt: '2026-11-24T10:00:00.000Z' };
      },
    },
    onProgress: (progress) =>
      steps.push(
        progress.step === 'upload' ? `upload ${progress.bytes} of ${progress.totalBytes}` : progress.step,
      ),
  };
  return { calls, steps, dependencies };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'register-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('registerModel', () => {
  it('stores the file, then makes the version that describes it', async () => {
    const { calls, dependencies } = recorder();
    const bytes = await readFile(ADD_SUB);
    const artifact = { digest: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };

    await registerModel({ path: ADD_SUB, model: 'sums', alias: 'champion', actor: 'ann' }, dependencies);

    expect(calls).toEqual([
      artifact,
      { model: 'sums', artifact, description: describeModel(bytes), alias: 'champion', actor: 'ann' },
    ]);
  });

  it('reads a file in many chunks as one', async () => {
    // A valid model with 3 MB of documentation: protobuf takes field 6 (doc_string) once more at the end.
    const text = Buffer.alloc(3 * 1024 * 1024, 'x');
    const length = Buffer.from([0x80, 0x80, 0xc0, 0x01]);
    const path = join(folder, 'large.onnx');
    await writeFile(path, Buffer.concat([await readFile(ADD_SUB), Buffer.from([0x32]), length, text]));
    const { calls, dependencies } = recorder();

    const { artifact } = await registerModel({ path, model: 'sums' }, dependencies);

    const bytes = await readFile(path);
    expect(artifact).toEqual({
      digest: createHash('sha256').update(bytes).digest('hex'),
      size: bytes.length,
    });
    expect(calls).toHaveLength(2);
  });

  it('stores the weights that stand beside the model first, and a digest over all files', async () => {
    const { calls, steps, dependencies } = recorder();
    const of = async (name: string) => {
      const bytes = await readFile(join(MODELS, name));
      return { digest: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
    };
    const [model, weights] = [await of('external_data.onnx'), await of('external_data.bin')];
    const size = model.size + weights.size;

    await registerModel({ path: join(MODELS, 'external_data.onnx'), model: 'product' }, dependencies);

    const lines = `${weights.digest}  external_data.bin\n${model.digest}  model.onnx\n`;
    const files = [
      { name: 'external_data.bin', ...weights },
      { name: 'model.onnx', ...model },
    ];
    expect(calls).toMatchObject([
      weights,
      model,
      { artifact: { digest: createHash('sha256').update(lines).digest('hex'), size, files } },
    ]);
    expect(steps.filter((step) => step.startsWith('upload'))).toEqual([
      `upload 0 of ${size}`,
      `upload ${weights.size} of ${size}`,
      `upload ${size} of ${size}`,
    ]);
  });

  it('tells what it is doing', async () => {
    const { steps, dependencies } = recorder();
    const { size } = (await registerModel({ path: ADD_SUB, model: 'sums' }, dependencies)).artifact;
    expect(steps).toEqual(['check', `upload 0 of ${size}`, `upload ${size} of ${size}`, 'register']);
  });

  it('opens the file before the first byte is sent, and stores nothing when that fails', async () => {
    const { calls, steps, dependencies } = recorder();
    const open = async (path: string) => {
      expect(path).toBe(ADD_SUB);
      expect(calls).toEqual([]);
    };
    await registerModel({ path: ADD_SUB, model: 'sums' }, { ...dependencies, open });
    expect(steps.slice(0, 2)).toEqual(['check', 'open']);
    expect(calls).toHaveLength(2);

    const refusing = recorder();
    const refused = registerModel(
      { path: ADD_SUB, model: 'sums' },
      { ...refusing.dependencies, open: () => Promise.reject(new Error('does not open')) },
    );
    await expect(refused).rejects.toThrow('does not open');
    expect(refusing.calls).toEqual([]);
  });

  it('refuses a model of so many inputs that its description has no room, before anything is stored', async () => {
    const model = fromBinary(ModelProtoSchema, await readFile(ADD_SUB));
    const type = model.graph?.input[0]?.type;
    for (let index = 0; index < 6000; index++) {
      model.graph?.input.push(create(ValueInfoProtoSchema, { name: `a rather long name ${index}`, type }));
    }
    const path = join(folder, 'wide.onnx');
    await writeFile(path, toBinary(ModelProtoSchema, model));
    const { calls, dependencies } = recorder();
    await expect(registerModel({ path, model: 'sums' }, dependencies)).rejects.toMatchObject({
      code: 'DESCRIPTION_TOO_LARGE',
    });
    expect(calls).toEqual([]);
  });

  it.each([
    {
      what: 'a name with a slash',
      model: 'a/b',
      alias: undefined,
      path: ADD_SUB,
      code: 'INVALID_MODEL_NAME',
    },
    { what: 'a reserved alias', model: 'sums', alias: 'latest', path: ADD_SUB, code: 'INVALID_ALIAS' },
    {
      what: 'no file',
      model: 'sums',
      alias: undefined,
      path: join(MODELS, 'none.onnx'),
      code: 'FILE_NOT_FOUND',
    },
    { what: 'a folder', model: 'sums', alias: undefined, path: MODELS, code: 'FILE_NOT_READABLE' },
    {
      what: 'a path through a file',
      model: 'sums',
      alias: undefined,
      path: join(ADD_SUB, 'x'),
      code: 'FILE_NOT_FOUND',
    },
    {
      what: 'a file that is no model',
      model: 'sums',
      alias: undefined,
      path: import.meta.filename,
      code: 'NOT_ONNX',
    },
    {
      what: 'a model that could not be served',
      model: 'sums',
      alias: undefined,
      path: join(MODELS, 'sequence_output.onnx'),
      code: 'UNSUPPORTED_TENSOR_TYPE',
    },
  ])('refuses $what before anything is stored: $code', async ({ path, model, alias, code }) => {
    const { calls, dependencies } = recorder();
    await expect(registerModel({ path, model, alias }, dependencies)).rejects.toMatchObject({
      code,
      statusCode: 400,
    });
    expect(calls).toEqual([]);
  });

  it('refuses a model that the endpoint can never open, before anything is stored', async () => {
    const { calls, dependencies } = recorder();
    const small = { memoryMegabytes: 128 };
    await expect(
      registerModel({ path: ADD_SUB, model: 'sums' }, { ...dependencies, endpoint: small }),
    ).rejects.toMatchObject({
      code: 'MODEL_TOO_LARGE_FOR_ENDPOINT',
      statusCode: 400,
      message: expect.stringContaining('the endpoint has 128 MiB'),
    });
    expect(calls).toEqual([]);
    const large = { memoryMegabytes: 256, diskMegabytes: 512 };
    await registerModel({ path: ADD_SUB, model: 'sums' }, { ...dependencies, endpoint: large });
  });
});
