import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../../../core/errors.ts';
import { resultKey, uploadKey } from '../../../../core/protocol/exchange/exchange-key.ts';
import type { TensorExchange } from '../../../../core/protocol/exchange/tensor-exchange.ts';
import { CALLER, modelVersion, serve, spec } from './in-memory.ts';

/** An exchange in memory that keeps count of what was asked of it. */
class MemoryExchange implements TensorExchange {
  readonly bucket = 'exchange';
  readonly objects = new Map<string, Uint8Array>();
  readonly opened: string[] = [];
  readonly discarded: string[] = [];

  async open(key: string) {
    this.opened.push(key);
    const bytes = this.objects.get(key);
    if (!bytes) return undefined;
    return { size: bytes.length, read: async () => bytes, discard: () => void this.discarded.push(key) };
  }

  async write(key: string, bytes: Uint8Array) {
    this.objects.set(key, new Uint8Array(bytes));
    return `https://exchange.test/${key}?signature`;
  }
}

const row = modelVersion('row', [spec('x', 'FP32', -1)]);
const text = modelVersion('text', [spec('x', 'BYTES', -1)]);
const pair = modelVersion('pair', [spec('a', 'INT32', -1), spec('b', 'INT32', -1)]);

function server(options: { maxBytes?: number; maxResponseBytes?: number } = {}) {
  const tensors = new MemoryExchange();
  const { call, runner, internalErrors } = serve([row, text, pair], {
    exchange: { tensors, maxBytes: options.maxBytes ?? 1_000_000 },
    maxResponseBytes: options.maxResponseBytes ?? 1_000_000,
  });
  const infer = (model: string, body: unknown, headers = {}) =>
    call('POST', `/v2/models/${model}/infer`, { body, headers });
  let uploads = 0;
  const put = (bytes: Uint8Array) => {
    const key = uploadKey(CALLER.id, `upload-${++uploads}`);
    tensors.objects.set(key, bytes);
    return key;
  };
  return { infer, call, put, tensors, runner, internalErrors };
}

const int32 = (...values: number[]) => new Uint8Array(Int32Array.from(values).buffer);
const input = (name: string, datatype: string, length: number, more: object) => ({
  name,
  datatype,
  shape: [length],
  ...more,
});
const byReference = (key: string, more: object = {}) => ({ parameters: { s3_object: key, ...more } });

describe('inputs by reference', () => {
  it('stand beside inputs as JSON and as bytes, in any order', async () => {
    const { infer, put } = server();
    const a = input('a', 'INT32', 2, byReference(put(int32(1, 2))));
    const json = await infer('pair', { inputs: [a, input('b', 'INT32', 1, { data: [3] })] });
    expect(json.json['outputs']).toMatchObject([{ data: [1, 2] }, { data: [3] }]);

    const head = Buffer.from(
      JSON.stringify({ inputs: [a, input('b', 'INT32', 1, { parameters: { binary_data_size: 4 } })] }),
    );
    const body = Buffer.concat([head, int32(4)]);
    const mixed = await infer('pair', body, { 'inference-header-content-length': String(head.length) });
    expect(mixed.json['outputs']).toMatchObject([{ data: [1, 2] }, { data: [4] }]);
  });

  it.each([
    ['data as well', { data: [1], ...byReference('in') }, 'INVALID_REQUEST', 400],
    ['bytes as well', byReference('in', { binary_data_size: 4 }), 'INVALID_REQUEST', 400],
    ['a reference that is a number', { parameters: { s3_object: 1 } }, 'INVALID_REQUEST', 400],
    [
      'a size that is text',
      byReference(uploadKey(CALLER.id, 'x'), { s3_byte_size: '4' }),
      'INVALID_REQUEST',
      400,
    ],
    [
      'a size that the shape does not need',
      byReference(uploadKey(CALLER.id, 'x'), { s3_byte_size: 8 }),
      'DATA_SIZE_MISMATCH',
      400,
    ],
    ['no reference of the exchange', byReference('in/../x'), 'INVALID_REFERENCE', 400],
    ['what belongs to somebody else', byReference(uploadKey('other', 'x')), 'PERMISSION_DENIED', 403],
    ['another bucket', byReference('s3://models/x'), 'PERMISSION_DENIED', 403],
  ])('with %s are refused, and nothing is asked of the exchange', async (_what, more, code, status) => {
    const { infer, tensors, runner } = server();
    const answer = await infer('row', { inputs: [input('x', 'FP32', 1, more)] });
    expect(answer).toMatchObject({
      status,
      json: { error_code: code, error: expect.stringMatching(/input "x"/) },
    });
    expect(tensors.opened).toEqual([]);
    expect(runner.loaded).toEqual([]);
  });

  it('are not fetched for a request that is wrong elsewhere', async () => {
    const { infer, put, tensors } = server();
    const a = input('a', 'INT32', 1, byReference(put(int32(1))));
    expect((await infer('pair', { inputs: [a] })).json['error_code']).toBe('MISSING_INPUT');
    const b = input('b', 'FP64', 1, { data: [1] });
    expect((await infer('pair', { inputs: [a, b] })).json['error_code']).toBe('DATATYPE_MISMATCH');
    expect(tensors.opened).toEqual([]);
  });

  it('of another size than the shape needs are let go unread', async () => {
    const { infer, put, tensors } = server();
    const key = put(int32(1, 2));
    const answer = await infer('row', { inputs: [input('x', 'FP32', 1, byReference(key))] });
    expect(answer.json).toMatchObject({ error_code: 'DATA_SIZE_MISMATCH' });
    expect(tensors.discarded).toEqual([key]);
  });

  it('are too large by their sum, before one is fetched', async () => {
    const { infer, put, tensors } = server({ maxBytes: 11 });
    const inputs = ['a', 'b'].map((name) => input(name, 'INT32', 1, byReference(put(int32(1)))));
    expect((await infer('pair', { inputs })).status).toBe(200);
    const larger = ['a', 'b'].map((name) => input(name, 'INT32', 2, byReference(put(int32(1, 2)))));
    const before = tensors.opened.length;
    expect(await infer('pair', { inputs: larger })).toMatchObject({
      status: 413,
      json: { error_code: 'TENSOR_TOO_LARGE' },
    });
    expect(tensors.opened).toHaveLength(before);
  });

  it('that are text are too large by what is there, which only then is known', async () => {
    const { infer, put, tensors } = server({ maxBytes: 9 });
    const key = put(Buffer.from('\x06\0\0\0abcdef'));
    const answer = await infer('text', { inputs: [input('x', 'BYTES', 1, byReference(key))] });
    expect(answer.json['error_code']).toBe('TENSOR_TOO_LARGE');
    expect(tensors.discarded).toEqual([key]);
  });

  it('that are text are held to the size that the caller declared', async () => {
    const { infer, put } = server();
    const key = put(Buffer.from('\x01\0\0\0a'));
    const declared = (s3_byte_size: number) =>
      infer('text', { inputs: [input('x', 'BYTES', 1, byReference(key, { s3_byte_size }))] });
    expect((await declared(5)).status).toBe(200);
    expect((await declared(6)).json['error_code']).toBe('DATA_SIZE_MISMATCH');
  });

  it('that are out of reach are worth another try', async () => {
    const { infer, put, tensors, internalErrors } = server();
    tensors.open = async () => {
      throw new UnavailableError('EXCHANGE_UNAVAILABLE', 'not now');
    };
    const answer = await infer('row', { inputs: [input('x', 'FP32', 1, byReference(put(int32(1))))] });
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBeDefined();
    expect(internalErrors).toHaveLength(1);
  });

  it('are not offered where there is no exchange', async () => {
    const { call } = serve([row]);
    const answer = await call('POST', '/v2/models/row/infer', {
      body: { inputs: [input('x', 'FP32', 1, byReference('in'))] },
    });
    expect(answer).toMatchObject({ status: 501, json: { error_code: 'UNSUPPORTED' } });
    expect((await call('GET', '/v2')).json['extensions']).not.toContain('s3_tensor_reference');
  });
});

describe('outputs by reference', () => {
  const S3_OUTPUTS = { s3_outputs: true };
  const LIMIT = 20_000;
  const many = (count: number) => Array.from({ length: count }, (_, i) => i + 100_000);

  it('are those that do not fit; the others stay in the answer', async () => {
    const { infer, tensors } = server({ maxResponseBytes: LIMIT });
    const inputs = [
      input('a', 'INT32', 5_000, { data: many(5_000) }),
      input('b', 'INT32', 2, { data: [1, 2] }),
    ];
    const { json, headers } = await infer('pair', { parameters: S3_OUTPUTS, inputs });
    const key = resultKey(CALLER.id, headers['x-prediction-id'] ?? '', 'a');
    expect(json['outputs']).toEqual([
      {
        name: 'a',
        datatype: 'INT32',
        shape: [5_000],
        parameters: {
          s3_object: `s3://exchange/${key}`,
          s3_byte_size: 20_000,
          s3_url: `https://exchange.test/${key}?signature`,
        },
      },
      { name: 'b', datatype: 'INT32', shape: [2], data: [1, 2] },
    ]);
    expect(tensors.objects.get(key)).toEqual(int32(...many(5_000)));
  });

  it('stand beside outputs as bytes', async () => {
    const { infer } = server({ maxResponseBytes: LIMIT });
    const inputs = [
      input('a', 'INT32', 2, { data: [1, 2] }),
      input('b', 'INT32', 5_000, { data: many(5_000) }),
    ];
    const answer = await infer('pair', { parameters: { ...S3_OUTPUTS, binary_data_output: true }, inputs });
    expect(answer.json['outputs']).toMatchObject([
      { name: 'a', parameters: { binary_data_size: 8 } },
      { name: 'b', parameters: { s3_byte_size: 20_000 } },
    ]);
    expect(answer.raw).toEqual(int32(1, 2));
  });

  it('are none when the answer fits, and none when the caller does not say that he takes them', async () => {
    const { infer, tensors } = server({ maxResponseBytes: LIMIT });
    const small = [input('x', 'FP32', 2, { data: [1, 2] })];
    expect((await infer('row', { parameters: S3_OUTPUTS, inputs: small })).json['outputs']).toMatchObject([
      { data: [1, 2] },
    ]);
    const large = [input('x', 'FP32', 5_000, { data: many(5_000) })];
    for (const parameters of [{}, { s3_outputs: false }]) {
      expect(await infer('row', { parameters, inputs: large })).toMatchObject({
        status: 413,
        json: { error_code: 'RESPONSE_TOO_LARGE', error: expect.stringContaining('s3_outputs') },
      });
    }
    expect(tensors.objects.size).toBe(0);
  });

  it('are not spoken of where there is no exchange', async () => {
    const { call } = serve([row], { maxResponseBytes: LIMIT });
    const body = { parameters: S3_OUTPUTS, inputs: [input('x', 'FP32', 5_000, { data: many(5_000) })] };
    const answer = await call('POST', '/v2/models/row/infer', { body });
    expect(answer.json['error_code']).toBe('RESPONSE_TOO_LARGE');
    expect(answer.json['error']).not.toContain('s3_outputs');
  });

  it('are accepted with true or false only', async () => {
    const { infer, runner } = server();
    const inputs = [input('x', 'FP32', 1, { data: [1] })];
    expect(await infer('row', { parameters: { s3_outputs: 'yes' }, inputs })).toMatchObject({
      status: 400,
      json: { error_code: 'INVALID_REQUEST' },
    });
    expect(runner.runs).toEqual([]);
  });
});
