import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { execa, type Options } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { writeLocalDeployment } from '../../aws/local-deployment.ts';
import { ModelProtoSchema } from '../../core/onnx/schema/onnx_pb.ts';
import { SCOPES } from '../../lib/contracts/access';

const ROOT = join(import.meta.dirname, '../..');
/** The command line as it is published; the deployment's build made it. */
const STRATA = join(ROOT, 'assets/cli/strata.mjs');
const ADD_SUB = join(ROOT, 'test/support/models/add_sub.onnx');
const INT64 = join(ROOT, 'test/support/models/identity_int64.onnx');
const ROWS = '[{"a": [1, 2, 3, 4], "b": [0.5, 0.5, 0.5, 0.5]}, {"a": [0, 0, 0, 0], "b": [1, 1, 1, 1]}]';

/** Sum and difference of the rows above, flat. */
const SUM = [1.5, 2.5, 3.5, 4.5, 1, 1, 1, 1];
const DIFFERENCE = [0.5, 1.5, 2.5, 3.5, -1, -1, -1, -1];

const deployment = inject('deployment');

/** A project with a running local deployment, and a folder inside it where the user is. */
let project: string;
let inside: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'cli-'));
  inside = join(project, 'notebooks');
  await mkdir(inside);
  await writeLocalDeployment(project, deployment);
});
afterAll(() => rm(project, { recursive: true }));

/** `strata` as a process of its own, with nothing of this one's AWS environment. */
async function strata(args: readonly string[], options: Options = {}) {
  const result = await execa(process.execPath, [STRATA, ...args], {
    cwd: inside,
    reject: false,
    extendEnv: false,
    ...options,
    env: { PATH: process.env['PATH'], ...options.env },
  });
  return { code: result.exitCode, out: String(result.stdout), err: String(result.stderr) };
}

const newModel = () => `cli-${randomUUID().slice(0, 8)}`;

async function register(model: string, ...more: string[]): Promise<void> {
  expect(await strata(['register', ADD_SUB, '--name', model, ...more])).toMatchObject({ code: 0, err: '' });
}

describe('strata, from a file to a prediction', () => {
  it('registers, shows, infers and moves the alias', async () => {
    const model = newModel();

    const registered = await strata(['register', ADD_SUB, '--name', model, '--alias', 'champion']);
    expect(registered).toMatchObject({ code: 0, err: '' });
    expect(registered.out).toMatch(
      new RegExp(`^${model} version 1, alias champion \\(\\d+ B, sha256 [0-9a-f]{12}\\)$`),
    );

    const models = await strata(['models']);
    expect(models.out).toMatch(new RegExp(`^${model} +1 +champion +READY `, 'm'));

    const inferred = await strata(['infer', model, '--input', ROWS]);
    expect(inferred).toMatchObject({ code: 0, err: '' });
    expect(inferred.out).toBe(
      [
        `${model} version 1`,
        '',
        'row  sum                   difference',
        '  1  [1.5, 2.5, 3.5, 4.5]  [0.5, 1.5, 2.5, 3.5]',
        '  2  [1, 1, 1, 1]          [-1, -1, -1, -1]',
      ].join('\n'),
    );

    await register(model);
    const moved = await strata(['alias', model, 'champion', '2']);
    expect(moved).toMatchObject({ code: 0, out: `${model}: champion points at version 2 (before: 1)` });
  });

  it('takes a request or rows, from the argument, a file or standard input', async () => {
    const model = newModel();
    await register(model, '--alias', 'champion');
    const request = JSON.stringify({
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [2, 4], data: [1, 2, 3, 4, 0, 0, 0, 0] },
        { name: 'b', datatype: 'FP32', shape: [2, 4], data: [0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1] },
      ],
    });
    await writeFile(join(inside, 'request.json'), request);

    for (const [input, stdin] of [
      [ROWS, ''],
      [request, ''],
      ['request.json', ''],
      ['-', ROWS],
    ] as const) {
      const { out } = await strata(['infer', model, '--input', input, '--json'], { input: stdin });
      const { outputs } = JSON.parse(out) as { outputs: { name: string; data: number[] }[] };
      expect(outputs.map(({ name, data }) => [name, data])).toEqual([
        ['sum', SUM],
        ['difference', DIFFERENCE],
      ]);
    }
  });

  it('asks for one version when told so', async () => {
    const model = newModel();
    await register(model);
    for (const version of ['1', 'shadow']) {
      const { code, out, err } = await strata(['infer', model, '--version', version, '--input', ROWS]);
      expect({ code, first: out.split('\n')[0] || err.match(/\[(\w+)]/)?.[1] }).toEqual(
        version === '1' ? { code: 0, first: `${model} version 1` } : { code: 1, first: 'VERSION_NOT_FOUND' },
      );
    }
  });

  it('keeps every digit of a 64-bit integer, there and back', async () => {
    const model = newModel();
    const registered = await strata(['register', INT64, '--name', model, '--alias', 'champion']);
    expect(registered.code).toBe(0);
    const { out } = await strata(['infer', model, '--input', '{"x": [9007199254740993]}']);
    expect(out).toContain('9007199254740993');
  });
});

describe('strata register', () => {
  it('says when a model has that file already, and how to choose a champion', async () => {
    const model = newModel();
    const first = await strata(['register', ADD_SUB, '--name', model]);
    expect(first.out.split('\n')).toEqual([
      expect.stringMatching(/ version 1 \(\d+ B, sha256 \w{12}\)$/),
      `no champion yet: strata alias ${model} champion 1`,
    ]);
    const again = await strata(['register', ADD_SUB, '--name', model, '--alias', 'champion']);
    expect(again.out).toMatch(/ version 2, alias champion \(.+, same file as version 1\)$/);
    const json = await strata(['register', ADD_SUB, '--name', model, '--json']);
    expect(JSON.parse(json.out)).toMatchObject({
      version: '3',
      opened: true,
      sameFileAs: '1',
      champion: '2',
    });
  });

  it('says so when there is no onnxruntime to open the model with', async () => {
    const alone = join(project, 'strata.mjs');
    await copyFile(STRATA, alone);
    const { stdout } = await execa(process.execPath, [alone, 'register', ADD_SUB, '--name', newModel()], {
      cwd: inside,
      extendEnv: false,
    });
    expect(stdout).toContain('not opened here: no onnxruntime-node');
  });
});

describe('strata in a pipe', () => {
  it('ends quietly when the reader has seen enough', async () => {
    const { stderr } = await execa(`"${process.execPath}" "${STRATA}" models --json | true`, {
      shell: true,
      cwd: inside,
    });
    expect(stderr).toBe('');
  });
});

describe('strata token', () => {
  const claims = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { scope: string };

  it('prints the token alone, with all scopes locally', async () => {
    const { code, out, err } = await strata(['token']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(claims(out).scope.split(' ').sort()).toEqual(SCOPES.map((scope) => `strata/${scope}`).sort());
  });

  it('prints one with the scopes that are named, which an endpoint then takes without AWS', async () => {
    const model = newModel();
    await register(model, '--alias', 'champion');
    const { out: token } = await strata(['token', '--scopes', 'infer', 'registry.read']);
    expect(claims(token).scope.split(' ').sort()).toEqual(['strata/infer', 'strata/registry.read']);

    const elsewhere = {
      cwd: tmpdir(),
      env: { STRATA_ENDPOINT: `${deployment.endpoint}/`, STRATA_TOKEN: token },
    };
    const { out } = await strata(['models', '--json'], elsewhere);
    expect((JSON.parse(out) as { models: { name: string }[] }).models).toContainEqual({ name: model });
    expect(await strata(['infer', model, '--input', ROWS], elsewhere)).toMatchObject({ code: 0 });
  });
});

describe('strata refuses', () => {
  it('a file that is no model, in one line, and registers nothing', async () => {
    const model = newModel();
    await writeFile(join(inside, 'broken.onnx'), 'no model');
    const { code, out, err } = await strata(['register', 'broken.onnx', '--name', model]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^error: .+ \[NOT_ONNX]$/);
    expect((await strata(['models'])).out).not.toContain(model);
  });

  it('a model that onnxruntime does not open, and registers nothing', async () => {
    const model = newModel();
    const file = fromBinary(ModelProtoSchema, await readFile(ADD_SUB));
    for (const node of file.graph?.node ?? []) node.opType = 'NoSuchOp';
    await writeFile(join(inside, 'no-such-op.onnx'), toBinary(ModelProtoSchema, file));
    const { code, out, err } = await strata(['register', 'no-such-op.onnx', '--name', model]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^error: .*NoSuchOp.* \[MODEL_LOAD_FAILED]$/);
    expect((await strata(['models'])).out).not.toContain(model);
  });

  it('to infer without a champion, and says how to choose one', async () => {
    const model = newModel();
    await register(model);
    const { code, out, err } = await strata(['infer', model, '--input', ROWS]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^error: .+ \[NO_CHAMPION]/);
    expect(err).toContain(`strata alias ${model} champion`);
  });

  it('with an object for programs when --json is given', async () => {
    const { code, out, err } = await strata(['infer', 'no-such-model', '--input', ROWS, '--json']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(JSON.parse(err)).toMatchObject({ error: expect.any(String), error_code: 'MODEL_NOT_FOUND' });
  });

  it('an alias to a version that is not there', async () => {
    const model = newModel();
    await register(model);
    const { code, err } = await strata(['alias', model, 'champion', '7']);
    expect(code).toBe(1);
    expect(err).toMatch(/^error: .+ \[VERSION_NOT_FOUND]\nhint: /);
  });

  it('a local deployment that is gone, and asks whether it runs', async () => {
    const left = await mkdtemp(join(tmpdir(), 'cli-gone-'));
    // Port 9 is `discard`: nothing listens there.
    await writeLocalDeployment(left, { ...deployment, awsEndpoint: 'http://127.0.0.1:9' });
    const { code, err } = await strata(['models'], { cwd: left });
    expect(code).toBe(1);
    expect(err).toContain('is `npm start` running?');
    expect(await readFile(join(left, '.strata/local.json'), 'utf8')).toContain(deployment.registryTable);
    await rm(left, { recursive: true });
  });
});
