import { describe, expect, it } from 'vitest';
import { modelVersion, serve, spec } from './in-memory.ts';

const matrix = modelVersion('matrix', [spec('x', 'FP32', -1, -1)]);
const pair = modelVersion('pair', [spec('a', 'FP32', -1), spec('b', 'BYTES', -1)]);
const { call, runner } = serve([
  matrix,
  pair,
  modelVersion('vector', [spec('x', 'FP32', -1)]),
  modelVersion('rows', [spec('x', 'FP32', -1, 2)]),
  modelVersion('fixed', [spec('x', 'INT64', 2)]),
  modelVersion('none', [spec('x', 'FP32', 0, -1)]),
  modelVersion('text', [spec('x', 'BYTES', 1)]),
  modelVersion('texts', [spec('x', 'BYTES', -1)]),
  modelVersion('defaults', [spec('x', 'FP32', -1), { ...spec('scale', 'FP32', 1), optional: true }], {
    outputs: [spec('x', 'FP32', -1)],
  }),
]);

const LENGTH = 'inference-header-content-length';
const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const float32 = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);

/** A JSON part and the bytes behind it. */
const infer = (model: string, json: unknown, ...bytes: Uint8Array[]) => {
  const head = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
  const headers = { [LENGTH]: String(head.length) };
  return call('POST', `/v2/models/${model}/infer`, { headers, body: Buffer.concat([head, ...bytes]) });
};

const raw = (model: string, body: Uint8Array) =>
  call('POST', `/v2/models/${model}/infer`, { headers: { [LENGTH]: '0' }, body });

describe('tensors as bytes', () => {
  it('answers the request that tritonclient sends by default', async () => {
    const json =
      '{"id": "42", "inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "parameters": {"binary_data_size": 16}}], "parameters": {"binary_data_output": true}}';
    expect(json).toHaveLength(160);
    const reply = await infer('matrix', json, float32(1, 2, 3, 4));
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/octet-stream');
    expect(reply.headers[LENGTH]).toBe(String(reply.text.length));
    expect(reply.json).toEqual({
      model_name: 'matrix',
      model_version: '1',
      id: '42',
      parameters: { prediction_id: expect.any(String) },
      outputs: [{ name: 'x', shape: [2, 2], datatype: 'FP32', parameters: { binary_data_size: 16 } }],
    });
    expect(Buffer.from(reply.raw)).toEqual(float32(1, 2, 3, 4));
  });

  it('follow each other in the order of the inputs, whichever of them are bytes', async () => {
    const a = { name: 'a', shape: [2], datatype: 'FP32' };
    const b = { name: 'b', shape: [2], datatype: 'BYTES' };
    const texts = hex('02000000 6162 02000000 c3bc');
    const bytesOf = (size: number) => ({ parameters: { binary_data_size: size } });
    const forms = [
      await infer(
        'pair',
        {
          inputs: [
            { ...a, ...bytesOf(8) },
            { ...b, ...bytesOf(12) },
          ],
        },
        float32(1, 2),
        texts,
      ),
      await infer(
        'pair',
        {
          inputs: [
            { ...b, ...bytesOf(12) },
            { ...a, ...bytesOf(8) },
          ],
        },
        texts,
        float32(1, 2),
      ),
      await infer(
        'pair',
        {
          inputs: [
            { ...a, data: [1, 2] },
            { ...b, ...bytesOf(12) },
          ],
        },
        texts,
      ),
      await infer(
        'pair',
        {
          inputs: [
            { ...b, data: ['ab', 'ü'] },
            { ...a, ...bytesOf(8) },
          ],
        },
        float32(1, 2),
      ),
    ];
    for (const { json } of forms)
      expect(json['outputs']).toMatchObject([{ data: [1, 2] }, { data: ['ab', 'ü'] }]);
  });

  it('may be none: the size is 0 and stays in the answer', async () => {
    const inputs = [{ name: 'x', shape: [0, 2], datatype: 'FP32', parameters: { binary_data_size: 0 } }];
    const reply = await infer('matrix', { inputs, parameters: { binary_data_output: true } });
    expect(reply.json['outputs']).toMatchObject([{ shape: [0, 2], parameters: { binary_data_size: 0 } }]);
    expect(reply.raw).toHaveLength(0);
  });

  it.each([
    ['fewer bytes than declared', 16, float32(1, 2, 3), /"x".*4 additional bytes/],
    ['more bytes than declared', 16, float32(1, 2, 3, 4, 5), /additional input data: 4 bytes/],
    ['a size that is not that of the shape', 12, float32(1, 2, 3), /"x".*needs 16 bytes, got 12/],
    ['a negative size', -1, float32(), /"binary_data_size" of input "x"/],
    ['half a size', 1.5, float32(), /"binary_data_size" of input "x"/],
    ['a size that is text', '16', float32(1, 2, 3, 4), /"binary_data_size" of input "x"/],
    ['the largest size', Number.MAX_SAFE_INTEGER, float32(1, 2, 3, 4), /additional bytes/],
  ])('are refused with %s', async (_case, size, bytes, message) => {
    const inputs = [{ name: 'x', shape: [2, 2], datatype: 'FP32', parameters: { binary_data_size: size } }];
    const reply = await infer('matrix', { inputs }, bytes);
    expect(reply.status).toBe(400);
    expect(reply.json['error']).toMatch(message);
  });

  it('are refused behind JSON whose length no header tells', async () => {
    const inputs = [{ name: 'x', shape: [1, 1], datatype: 'FP32', parameters: { binary_data_size: 4 } }];
    const reply = await call('POST', '/v2/models/matrix/infer', { body: { inputs } });
    expect(reply.status).toBe(400);
    expect(reply.json['error']).toMatch(/input "x".*Inference-Header-Content-Length/);
  });

  it('are refused behind a request that has no inputs for them', async () => {
    const inputs = [{ name: 'x', shape: [1, 1], datatype: 'FP32', data: [1] }];
    const reply = await infer('matrix', { inputs }, float32(1));
    expect(reply.json).toMatchObject({ error_code: 'DATA_SIZE_MISMATCH' });
  });
});

describe('the form of an output', () => {
  const inputs = [{ name: 'x', shape: [1, 1], datatype: 'FP32', data: [1] }];
  const listed = (binary_data?: boolean) => [{ name: 'x', parameters: { binary_data } }];

  it.each([
    { request: undefined, outputs: undefined, isBinary: false },
    { request: false, outputs: undefined, isBinary: false },
    { request: true, outputs: undefined, isBinary: true },
    { request: true, outputs: [], isBinary: true },
    { request: undefined, outputs: listed(), isBinary: false },
    { request: true, outputs: listed(), isBinary: true },
    { request: undefined, outputs: listed(true), isBinary: true },
    { request: false, outputs: listed(true), isBinary: true },
    { request: true, outputs: listed(false), isBinary: false },
  ])(
    'with binary_data_output $request and outputs $outputs: bytes $isBinary',
    async ({ request, outputs, isBinary }) => {
      const parameters = { binary_data_output: request };
      const reply = await call('POST', '/v2/models/matrix/infer', { body: { inputs, parameters, outputs } });
      const [output] = reply.json['outputs'] as Record<string, unknown>[];
      expect(Object.hasOwn(output ?? {}, 'data')).toBe(!isBinary);
      expect(Buffer.from(reply.raw)).toEqual(isBinary ? float32(1) : Buffer.alloc(0));
      expect(reply.headers['content-type']).toBe(isBinary ? 'application/octet-stream' : 'application/json');
      expect(LENGTH in reply.headers).toBe(isBinary);
    },
  );

  it('can differ between outputs, whose bytes follow in the order of the outputs', async () => {
    const body = {
      inputs: [
        { name: 'a', shape: [1], datatype: 'FP32', data: [1] },
        { name: 'b', shape: [1], datatype: 'BYTES', data: ['ü'] },
      ],
      outputs: [
        { name: 'b', parameters: { binary_data: true } },
        { name: 'a', parameters: { binary_data: false } },
      ],
    };
    const reply = await call('POST', '/v2/models/pair/infer', { body });
    expect(reply.json['outputs']).toEqual([
      { name: 'b', shape: [1], datatype: 'BYTES', parameters: { binary_data_size: 6 } },
      { name: 'a', shape: [1], datatype: 'FP32', data: [1] },
    ]);
    expect(Buffer.from(reply.raw)).toEqual(hex('02000000 c3bc'));
  });
});

describe('a body that is nothing but bytes', () => {
  it.each([
    ['vector', float32(1, 2, 3), [3]],
    ['vector', float32(), [0]],
    ['rows', float32(1, 2, 3, 4), [2, 2]],
    ['rows', float32(1, 2), [1, 2]],
    ['defaults', float32(1, 2), [2]],
    ['fixed', Buffer.from(BigInt64Array.of(1n, -1n).buffer), [2]],
    ['none', float32(), [0, 0]],
  ])('is the input of the model %s, and comes back as bytes', async (model, body, shape) => {
    const reply = await raw(model, body);
    expect(reply.json['outputs']).toMatchObject([
      { name: 'x', shape, parameters: { binary_data_size: body.length } },
    ]);
    expect(Buffer.from(reply.raw)).toEqual(body);
  });

  it('is one bare text where the model takes one', async () => {
    const reply = await raw('text', Buffer.from('ü'));
    expect(runner.runs.at(-1)?.inputs.get('x')).toEqual({ datatype: 'BYTES', shape: [1], data: ['ü'] });
    expect(Buffer.from(reply.raw)).toEqual(hex('02000000 c3bc'));
  });

  it.each([
    ['matrix', float32(1), 'RAW_REQUEST_NOT_POSSIBLE', /2 free dimensions/],
    ['pair', float32(1), 'RAW_REQUEST_NOT_POSSIBLE', /requires 2 inputs/],
    ['texts', hex('0100000061'), 'RAW_REQUEST_NOT_POSSIBLE', /input "x"/],
    ['vector', Buffer.alloc(5), 'DATA_SIZE_MISMATCH', /input "x"/],
    ['rows', float32(1, 2, 3), 'DATA_SIZE_MISMATCH', /input "x"/],
    ['fixed', Buffer.alloc(24), 'DATA_SIZE_MISMATCH', /input "x"/],
    ['none', float32(1), 'DATA_SIZE_MISMATCH', /input "x"/],
    ['text', hex('ff'), 'INVALID_ELEMENT', /input "x"/],
  ])('is refused by the model %s when it does not fit', async (model, body, code, message) => {
    const reply = await raw(model, body);
    expect(reply.status).toBe(400);
    expect(reply.json).toMatchObject({ error_code: code, error: expect.stringMatching(message) });
  });
});
