import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SUITES } from '../../../conformance/checks/all.ts';
import { httpCall } from '../../../conformance/http-call.ts';
import { writeModels } from '../../../conformance/models.ts';
import { findModels, ServerUnderTest } from '../../../conformance/server-under-test.ts';
import { ModelFolder } from '../../../server/model-folder.ts';
import { ModelServer, type ModelServerOptions } from '../../../server/model-server.ts';
import { type Serving, serve } from '../../../server/serve.ts';
import { TestFolder } from './model-folders.ts';

const TOKEN = 'secret-of-the-test';
const quiet = { host: '127.0.0.1', port: 0 };

const penguins = {
  inputs: JSON.parse(readFileSync('examples/penguins/golden.json', 'utf8')).inputs as unknown,
};

function ask(serving: Serving, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return fetch(`${serving.endpoint}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    ...(body !== undefined && {
      body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body),
    }),
  });
}

const floats = (...data: number[]) => ({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, data.length], data }],
});

describe('a folder that is served', () => {
  const files = new TestFolder();
  let serving: Serving;
  let server: ServerUnderTest;

  beforeAll(async () => {
    await writeModels(files.path, '');
    serving = await serve({ ...quiet, models: files.path, access: { token: TOKEN }, workers: 2 });
    const call = httpCall(serving.endpoint, { authorization: `Bearer ${TOKEN}` });
    server = new ServerUnderTest(call, '', await findModels(call, ''));
  });
  afterAll(async () => {
    await serving.close();
    files[Symbol.dispose]();
  });

  describe.each(SUITES)('speaks the protocol: $title', ({ checks }) => {
    it.concurrent.each(checks.map(({ need, title, run }) => [need, title, run] as const))(
      '%s: %s',
      async (_need, _title, run) => {
        expect(await run(server)).toBeUndefined();
      },
    );
  });

  it.each([
    ['no token', {}],
    ['another token', { authorization: `Bearer ${TOKEN}x` }],
    ['the token in another scheme', { authorization: `Basic ${TOKEN}` }],
  ])('refuses %s, in words', async (_what, headers) => {
    for (const path of ['/v2', '/v2/health/live', '/metrics', '/invocations', '/elsewhere']) {
      const answer = await ask(serving, path, undefined, headers);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await answer.json()).toMatchObject({
        error_code: 'UNAUTHENTICATED',
        error: expect.stringContaining('Bearer'),
      });
    }
  });

  it('tells whoever checks that it is there, and nothing else', async () => {
    const answer = await ask(serving, '/ping');
    expect([answer.status, await answer.text()]).toEqual([200, 'ok\n']);
  });
});

describe('one file that is served', () => {
  let serving: Serving;
  beforeAll(async () => {
    serving = await serve({ ...quiet, models: 'examples/penguins/model.onnx', access: {} });
  });
  afterAll(() => serving.close());

  it('is the model of /invocations, with the answer that the protocol has', async () => {
    const answer = await ask(serving, '/invocations', penguins, { 'content-type': 'application/json' });
    const direct = await ask(serving, '/v2/models/model/infer', penguins);
    const outputs = async (response: Response) => ((await response.json()) as { outputs: unknown }).outputs;
    expect(answer.status).toBe(200);
    expect(await outputs(answer)).toEqual(await outputs(direct));
  });

  it('refuses an empty invocation as it does an empty inference', async () => {
    const answer = await ask(serving, '/invocations', {});
    expect(answer.status).toBe(400);
  });

  it('counts what it did, for Prometheus', async () => {
    await ask(serving, '/v2/models/model/infer', penguins);
    await ask(serving, '/v2/models/nobody/infer', penguins);
    const answer = await ask(serving, '/metrics');
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/^strata_inference_duration_seconds_count\{model="model",version="1"\} [1-9]/m);
    expect(text).toMatch(/^strata_errors_total\{code="MODEL_NOT_FOUND"\} 1$/m);
    expect(text).toMatch(/^strata_workers [1-9]/m);
    expect(text).toMatch(/^process_resident_memory_bytes /m);
    expect(text).not.toContain('nobody');
  });

  it("keeps the caller's request id where it is one", async () => {
    const kept = await ask(serving, '/v2', undefined, { 'x-request-id': 'abc-1' });
    expect(kept.headers.get('x-request-id')).toBe('abc-1');
    const made = await ask(serving, '/v2', undefined, { 'x-request-id': 'a "b"' });
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('what the server tells Prometheus', () => {
  const started = async (options: Partial<ModelServerOptions>) => {
    const folder = new TestFolder({ 'double.onnx': 'double', 'add_sub.onnx': 'add_sub' });
    const directory = new TestFolder();
    const source = await ModelFolder.open(folder.path);
    const server = await ModelServer.start({ source, directory: directory.path, workers: 1, ...options });
    const url = await server.listen(0);
    return {
      url,
      folder,
      source,
      server,
      async [Symbol.asyncDispose]() {
        await server.close(0);
        folder[Symbol.dispose]();
        directory[Symbol.dispose]();
      },
    };
  };

  it.each([
    [['infer'], 403, '"error_code":"PERMISSION_DENIED"'],
    [['infer', 'registry.read'], 200, 'strata_held_bytes 0'],
    [['admin'], 200, 'strata_held_bytes 0'],
  ] as const)('is for callers who may see what models there are: %j', async (scopes, status, text) => {
    await using test = await started({ access: async () => ({ id: 'someone', scopes }) });
    const answer = await fetch(`${test.url}/metrics`);
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(text)]);
  });

  it('counts what bodies unpack to, so that small ones that unpack to much are refused together', async () => {
    await using test = await started({ limits: { maxHeldBytes: 8 * 2 ** 20 } });
    const body = gzipSync(JSON.stringify({ ready: true, more: 'x'.repeat(5 * 2 ** 20) }));
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        fetch(`${test.url}/v2/repository/index`, {
          method: 'POST',
          body,
          headers: { 'content-encoding': 'gzip' },
        }),
      ),
    );
    expect(body.length).toBeLessThan(10_000);
    expect(new Set(answers.map(({ status }) => status))).toContain(503);
    expect((await fetch(`${test.url}/v2/repository/index`, { method: 'POST', body: '{}' })).status).toBe(200);
    await vi.waitFor(async () => {
      expect(await (await fetch(`${test.url}/metrics`)).text()).toMatch(/^strata_held_bytes 0$/m);
    });
  });

  it('is nothing of versions that are gone, and of a replaced one what the new one does', async () => {
    await using test = await started({});
    const text = async () => await (await fetch(`${test.url}/metrics`)).text();
    const counted = async () =>
      [...(await text()).matchAll(/^strata_inference_duration_seconds_count\{model="(\w+)"/gm)].map(
        ([, model]) => model,
      );
    const infer = (model: string, body: unknown) =>
      fetch(`${test.url}/v2/models/${model}/infer`, { method: 'POST', body: JSON.stringify(body) });
    const of = (name: string) => ({ name, datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] });
    await infer('double', floats(1, 2));
    await infer('add_sub', { inputs: [of('a'), of('b')] });
    expect(new Set(await counted())).toEqual(new Set(['add_sub', 'double']));
    const [double, addSub] = await Promise.all([
      test.source.resolve('double'),
      test.source.resolve('add_sub'),
    ]);
    rmSync(join(test.folder.path, 'add_sub.onnx'));
    await test.source.refresh();
    await test.server.forget(addSub, () => false);
    await test.server.forget(double, () => false);
    expect(await counted()).toEqual(['double']);
    expect(await text()).not.toContain('add_sub');
  });
});

describe('tensors as bytes through /invocations', () => {
  it('are told by the content type, as SageMaker hands nothing else on', async () => {
    using files = new TestFolder({ 'double.onnx': 'double' });
    const serving = await serve({ ...quiet, models: files.path, access: {} });
    const head = Buffer.from(
      JSON.stringify({
        inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } }],
        outputs: [{ name: 'y', parameters: { binary_data: true } }],
      }),
    );
    const body = Buffer.concat([head, Buffer.from(Float32Array.of(1.5, -2).buffer)]);
    const type = (size: number) => `application/vnd.sagemaker-triton.binary+json;json-header-size=${size}`;
    const answer = await ask(serving, '/invocations', body, { 'content-type': type(head.length) });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const size = bytes.length - 8;
    expect(answer.headers.get('content-type')).toBe(type(size));
    expect([bytes.readFloatLE(size), bytes.readFloatLE(size + 4)]).toEqual([3, -4]);
    await serving.close();
  });
});

describe('a model whose weights stand beside it', () => {
  it('is served like any other', async () => {
    using files = new TestFolder({ 'm.onnx': 'external_data' });
    copyFileSync('test/support/models/external_data.bin', files.at('external_data.bin'));
    const serving = await serve({ ...quiet, models: files.path, access: {} });
    const answer = await ask(serving, '/v2/models/m');
    const { inputs } = (await answer.json()) as {
      inputs: { name: string; shape: number[]; datatype: string }[];
    };
    const shaped = inputs.map(({ name, datatype, shape }) => {
      const lengths = shape.map((length) => Math.max(1, length));
      return {
        name,
        datatype,
        shape: lengths,
        data: Array<number>(lengths.reduce((a, b) => a * b, 1)).fill(1),
      };
    });
    expect((await ask(serving, '/v2/models/m/infer', { inputs: shaped })).status).toBe(200);
    await serving.close();
  });
});

describe('several models', () => {
  it('are refused as a whole with a default one that is not among them', async () => {
    using files = new TestFolder({ 'a.onnx': 'double', 'b.onnx': 'double' });
    await expect(
      serve({ ...quiet, models: files.path, access: {}, defaultModel: 'c' }),
    ).rejects.toMatchObject({
      code: 'UNKNOWN_DEFAULT_MODEL',
      message: expect.stringMatching(/"c".*Served: a, b\./),
    });
  });

  it('have no default one unless it is named', async () => {
    using files = new TestFolder({ 'double.onnx': 'double', 'same.onnx': 'identity_fp32' });
    const some = await serve({ ...quiet, models: files.path, access: {} });
    const refused = await ask(some, '/invocations', floats(1, 2));
    expect([refused.status, await refused.json()]).toMatchObject([404, { error_code: 'NO_DEFAULT_MODEL' }]);
    await some.close();
    const named = await serve({ ...quiet, models: files.path, access: {}, defaultModel: 'double' });
    const answer = await ask(named, '/invocations', floats(1, 2));
    expect(await answer.json()).toMatchObject({ model_name: 'double', outputs: [{ data: [2, 4] }] });
    await named.close();
  });
});

describe('a file that is replaced under load', () => {
  it('is served anew without a failed request', async () => {
    using files = new TestFolder({ 'm.onnx': 'identity_fp32' });
    const serving = await serve({ ...quiet, models: files.path, access: {}, reloadMs: 20 });
    const seen = new Set<string>();
    let isOver = false;
    const clients = [1, 2, 3, 4].map(async () => {
      while (!isOver) {
        const answer = await ask(serving, '/v2/models/m/infer', floats(1));
        seen.add(
          `${answer.status} ${((await answer.json()) as { outputs: { data: number[] }[] }).outputs[0]?.data[0]}`,
        );
      }
    });
    files.put('m.onnx', 'double');
    await vi.waitFor(() => expect(seen).toContain('200 2'), { timeout: 5_000 });
    isOver = true;
    await Promise.all(clients);
    expect([...seen].sort()).toEqual(['200 1', '200 2']);
    await serving.close();
  });
});

describe('a server', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])(
    'does not listen on %s for everybody',
    async (host) => {
      const settings = { models: 'examples/penguins/model.onnx', host, port: 0, access: {} };
      await expect(serve(settings)).rejects.toMatchObject({ code: 'ACCESS_REQUIRED' });
    },
  );

  it('listens to everybody when it is told to', async () => {
    const models = 'examples/penguins/model.onnx';
    const serving = await serve({ models, host: '0.0.0.0', port: 0, access: { insecure: true } });
    expect(serving.endpoint).toMatch(/^http:\/\/0\.0\.0\.0:/);
    await serving.close();
  });

  it('says that its port is taken', async () => {
    const models = 'examples/penguins/model.onnx';
    const first = await serve({ ...quiet, models, access: {} });
    const port = Number(new URL(first.endpoint).port);
    await expect(serve({ ...quiet, port, models, access: {} })).rejects.toMatchObject({
      code: 'ADDRESS_UNUSABLE',
    });
    await first.close();
  });

  it('refuses an issuer that is none', async () => {
    const access = { oidc: { issuer: 'http://127.0.0.1:9' } };
    const models = 'examples/penguins/model.onnx';
    await expect(serve({ ...quiet, models, access })).rejects.toMatchObject({ code: 'INVALID_ISSUER' });
  });
});
