import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { opensWithRuntime } from '../../../../core/engine/opens-with-runtime.ts';
import { describeModel } from '../../../../core/onnx/describe-model.ts';
import { ModelProtoSchema, type NodeProto } from '../../../../core/onnx/schema/onnx_pb.ts';
import { modelFile, modelPath } from '../../../support/models/model-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'my models '));
});
afterAll(() => rm(folder, { recursive: true }));

/** A copy of add_sub of which the first node is another. */
async function spoilt(change: (node: NodeProto) => void): Promise<string> {
  const model = fromBinary(ModelProtoSchema, modelFile('add_sub'));
  for (const node of model.graph?.node.slice(0, 1) ?? []) change(node);
  const bytes = toBinary(ModelProtoSchema, model);
  // What a file says of itself is in order; only the runtime knows better.
  expect(describeModel(bytes).inputs.map(({ name }) => name)).toEqual(['a', 'b']);
  const path = join(folder, 'spoilt.onnx');
  await writeFile(path, bytes);
  return path;
}

describe('a model file', () => {
  it.each(['add_sub', 'constant', 'identity_bytes', 'ir3'])('%s opens', async (name) => {
    expect(await opensWithRuntime(modelPath(name))).toBe(true);
  });

  it.each([
    {
      what: 'an operator that does not exist',
      change: (node: NodeProto) => {
        node.opType = 'NoSuchOp';
      },
      reason: 'NoSuchOp',
    },
    {
      what: 'an operator that does not take these types',
      change: (node: NodeProto) => {
        node.opType = 'StringNormalizer';
        node.input = ['a'];
      },
      reason: 'StringNormalizer',
    },
  ])('with $what is refused, by the words of the runtime without paths', async ({ change, reason }) => {
    const opening = opensWithRuntime(await spoilt(change));
    await expect(opening).rejects.toMatchObject({
      code: 'MODEL_LOAD_FAILED',
      statusCode: 400,
      message: expect.stringContaining(reason),
    });
    await expect(opening).rejects.not.toThrow('spoilt.onnx');
    await expect(opening).rejects.not.toThrow(/failed:\S/);
  });
});
