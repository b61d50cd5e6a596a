import { describe, expect, it } from 'vitest';
import { modelVersion, serve, spec } from './in-memory.ts';

const matrix = modelVersion('matrix', [spec('x', 'FP32', -1, 2)]);
const pair = modelVersion('pair', [spec('a', 'INT32', -1), spec('b', 'INT32', -1)]);
const fixed = modelVersion('fixed', [spec('x', 'FP32', 2, 2)]);
const scalar = modelVersion('scalar', [spec('x', 'FP32')]);
const constant = modelVersion('constant', [], { outputs: [] });
const optional = modelVersion('optional', [
  spec('x', 'FP32', 1),
  { ...spec('scale', 'FP32', 1), optional: true },
]);
const proto = modelVersion('proto', [spec('__proto__', 'INT32', 1), spec('constructor', 'INT32', 1)]);

const { call, runner, internalErrors } = serve([matrix, pair, fixed, scalar, constant, optional, proto]);
const infer = (model: string, body: unknown) => call('POST', `/v2/models/${model}/infer`, { body });

const x = { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] };
const a = { name: 'a', shape: [1], datatype: 'INT32', data: [1] };
const b = { ...a, name: 'b' };

interface Refused {
  readonly why: string;
  readonly model?: string;
  readonly body: unknown;
  readonly code: string;
  readonly says: RegExp;
  readonly status?: number;
}

const REFUSED: readonly Refused[] = [
  // The envelope.
  { why: 'an array', body: [], code: 'INVALID_REQUEST', says: /request must be a JSON object/ },
  { why: 'null', body: 'null', code: 'INVALID_REQUEST', says: /JSON object/ },
  { why: 'no inputs', body: {}, code: 'INVALID_REQUEST', says: /"inputs"/ },
  { why: 'inputs that are null', body: { inputs: null }, code: 'INVALID_REQUEST', says: /"inputs"/ },
  { why: 'inputs that are an object', body: { inputs: { x } }, code: 'INVALID_REQUEST', says: /"inputs"/ },
  { why: 'an id that is a number', body: { id: 1, inputs: [x] }, code: 'INVALID_REQUEST', says: /"id"/ },
  {
    why: 'parameters in an array',
    body: { parameters: [], inputs: [x] },
    code: 'INVALID_REQUEST',
    says: /"parameters" of the request/,
  },
  {
    why: 'a parameter that is an object',
    body: { parameters: { p: {} }, inputs: [x] },
    code: 'INVALID_REQUEST',
    says: /"p" of the request/,
  },
  {
    why: 'a parameter beyond doubles',
    body: '{"parameters":{"p":1e400},"inputs":[]}',
    code: 'INVALID_REQUEST',
    says: /"p" of the request/,
  },
  {
    why: 'a server parameter',
    body: { parameters: { triton_x: 1 }, inputs: [x] },
    code: 'RESERVED_PARAMETER',
    says: /"triton_x"/,
  },
  {
    why: 'request headers as a parameter',
    body: { parameters: { headers: 'h' }, inputs: [x] },
    code: 'RESERVED_PARAMETER',
    says: /"headers"/,
  },
  {
    why: 'a negative timeout',
    body: { parameters: { timeout: -1 }, inputs: [x] },
    code: 'INVALID_REQUEST',
    says: /"timeout"/,
  },
  {
    why: 'a priority that is text',
    body: { parameters: { priority: '1' }, inputs: [x] },
    code: 'INVALID_REQUEST',
    says: /"priority"/,
  },
  {
    why: 'a sequence start that is a number',
    body: { parameters: { sequence_start: 1 }, inputs: [x] },
    code: 'INVALID_REQUEST',
    says: /"sequence_start"/,
  },
  {
    why: 'binary output that is text',
    body: { parameters: { binary_data_output: 'true' }, inputs: [x] },
    code: 'INVALID_REQUEST',
    says: /"binary_data_output"/,
  },
  // The inputs.
  {
    why: 'an input that is text',
    body: { inputs: ['x'] },
    code: 'INVALID_REQUEST',
    says: /Entry 0 of "inputs"/,
  },
  {
    why: 'an input without a name',
    body: { inputs: [x, { ...x, name: undefined }] },
    code: 'INVALID_REQUEST',
    says: /entry 1 of "inputs"/,
  },
  {
    why: 'an input without a datatype',
    body: { inputs: [{ ...x, datatype: undefined }] },
    code: 'INVALID_REQUEST',
    says: /"datatype" of input "x"/,
  },
  {
    why: 'an input without a shape',
    body: { inputs: [{ ...x, shape: undefined }] },
    code: 'INVALID_REQUEST',
    says: /"shape" of input "x"/,
  },
  {
    why: 'a shape with a negative length',
    body: { inputs: [{ ...x, shape: [-1, 2] }] },
    code: 'INVALID_REQUEST',
    says: /"shape" of input "x"/,
  },
  {
    why: 'a shape with half a length',
    body: { inputs: [{ ...x, shape: [0.5, 2] }] },
    code: 'INVALID_REQUEST',
    says: /"shape" of input "x"/,
  },
  {
    why: 'a shape of texts',
    body: { inputs: [{ ...x, shape: ['1', '2'] }] },
    code: 'INVALID_REQUEST',
    says: /"shape" of input "x"/,
  },
  {
    why: 'data that is a number',
    body: { inputs: [{ ...x, data: 1 }] },
    code: 'INVALID_REQUEST',
    says: /"data" of input "x"/,
  },
  {
    why: 'data that is an object',
    body: { inputs: [{ ...x, data: { length: 2 } }] },
    code: 'INVALID_REQUEST',
    says: /"data" of input "x"/,
  },
  {
    why: 'a parameter of an input that is null',
    body: { inputs: [{ ...x, parameters: { p: null } }] },
    code: 'INVALID_REQUEST',
    says: /"p" of input "x"/,
  },
  { why: 'an input twice', body: { inputs: [x, x] }, code: 'DUPLICATE_TENSOR', says: /input "x" twice/ },
  {
    why: 'an unknown input',
    body: { inputs: [x, { ...x, name: 'z' }] },
    code: 'UNKNOWN_INPUT',
    says: /input "z".*"x"/,
  },
  {
    why: 'an input for a model without inputs',
    model: 'constant',
    body: { inputs: [x] },
    code: 'UNKNOWN_INPUT',
    says: /input "x"/,
  },
  { why: 'no input where one is required', body: { inputs: [] }, code: 'MISSING_INPUT', says: /input "x"/ },
  {
    why: 'one input of two',
    model: 'pair',
    body: { inputs: [b] },
    code: 'MISSING_INPUT',
    says: /lacks the input "a",/,
  },
  {
    why: 'an unknown datatype',
    body: { inputs: [{ ...x, datatype: 'FLOAT' }] },
    code: 'DATATYPE_MISMATCH',
    says: /"FLOAT" of input "x" is unknown/,
  },
  {
    why: 'a datatype in lower case',
    body: { inputs: [{ ...x, datatype: 'fp32' }] },
    code: 'DATATYPE_MISMATCH',
    says: /input "x"/,
  },
  {
    why: "another datatype than the model's",
    body: { inputs: [{ ...x, datatype: 'FP64' }] },
    code: 'DATATYPE_MISMATCH',
    says: /input "x" is FP64.*FP32/,
  },
  {
    why: 'BF16',
    body: { inputs: [{ ...x, datatype: 'BF16' }] },
    code: 'UNSUPPORTED',
    says: /BF16 of input "x"/,
    status: 501,
  },
  {
    why: 'a shape of another rank',
    body: { inputs: [{ ...x, shape: [2] }] },
    code: 'SHAPE_MISMATCH',
    says: /input "x" is \[2\].*\[-1, 2\]/,
  },
  {
    why: 'a shape of a thousand ranks',
    body: { inputs: [{ ...x, shape: Array(1000).fill(1) }] },
    code: 'SHAPE_MISMATCH',
    says: /1000 dimensions/,
  },
  {
    why: 'a fixed dimension of another length',
    body: { inputs: [{ ...x, shape: [1, 3], data: [1, 2, 3] }] },
    code: 'SHAPE_MISMATCH',
    says: /input "x"/,
  },
  {
    why: 'a batch for a model with a fixed one',
    model: 'fixed',
    body: { inputs: [{ ...x, shape: [3, 2], data: [1, 2, 3, 4, 5, 6] }] },
    code: 'SHAPE_MISMATCH',
    says: /input "x"/,
  },
  {
    why: 'a vector for a scalar',
    model: 'scalar',
    body: { inputs: [{ ...x, shape: [1], data: [1] }] },
    code: 'SHAPE_MISMATCH',
    says: /input "x"/,
  },
  {
    why: 'a shape that no request can fill',
    body: { inputs: [{ ...x, shape: [Number.MAX_SAFE_INTEGER, 2] }] },
    code: 'SHAPE_MISMATCH',
    says: /input "x" holds more/,
  },
  {
    why: 'an empty shape with a huge length',
    model: 'matrix',
    body: { inputs: [{ ...x, shape: [2 ** 40, 2], data: [] }] },
    code: 'SHAPE_MISMATCH',
    says: /input "x"/,
  },
  {
    why: 'less data than the shape says',
    body: { inputs: [{ ...x, shape: [400_000, 2] }] },
    code: 'DATA_SHAPE_MISMATCH',
    says: /input "x"/,
  },
  {
    why: 'no data',
    body: { inputs: [{ ...x, data: undefined }] },
    code: 'INVALID_REQUEST',
    says: /input "x".*neither/i,
  },
  {
    why: 'both kinds of data',
    body: { inputs: [{ ...x, parameters: { binary_data_size: 8 } }] },
    code: 'INVALID_REQUEST',
    says: /input "x".*not both/i,
  },
  {
    why: 'an element of another kind',
    model: 'pair',
    body: { inputs: [a, { ...b, data: [1.5] }] },
    code: 'INVALID_ELEMENT',
    says: /Element 0 of input "b"/,
  },
  {
    why: 'an element out of range',
    model: 'pair',
    body: { inputs: [a, { ...b, data: [2 ** 31] }] },
    code: 'ELEMENT_OUT_OF_RANGE',
    says: /Element 0 of input "b"/,
  },
  {
    why: 'shared memory',
    body: { inputs: [{ ...x, data: undefined, parameters: { shared_memory_region: 'r' } }] },
    code: 'UNSUPPORTED',
    says: /input "x"/,
    status: 501,
  },
  // The outputs.
  {
    why: 'outputs that are text',
    body: { inputs: [x], outputs: 'x' },
    code: 'INVALID_REQUEST',
    says: /"outputs"/,
  },
  {
    why: 'an output that is text',
    body: { inputs: [x], outputs: ['x'] },
    code: 'INVALID_REQUEST',
    says: /Entry 0 of "outputs"/,
  },
  {
    why: 'an unknown output',
    body: { inputs: [x], outputs: [{ name: 'z' }] },
    code: 'UNKNOWN_OUTPUT',
    says: /output "z".*"x"/,
  },
  {
    why: 'an output twice',
    body: { inputs: [x], outputs: [{ name: 'x' }, { name: 'x' }] },
    code: 'DUPLICATE_TENSOR',
    says: /output "x" twice/,
  },
  {
    why: 'binary data that is a number',
    body: { inputs: [x], outputs: [{ name: 'x', parameters: { binary_data: 1 } }] },
    code: 'INVALID_REQUEST',
    says: /"binary_data" of output "x"/,
  },
  {
    why: 'a negative number of classes',
    body: { inputs: [x], outputs: [{ name: 'x', parameters: { classification: -1 } }] },
    code: 'INVALID_REQUEST',
    says: /"classification" of output "x"/,
  },
  {
    why: 'an output in shared memory',
    body: { inputs: [x], outputs: [{ name: 'x', parameters: { shared_memory_region: 'r' } }] },
    code: 'UNSUPPORTED',
    says: /output "x"/,
    status: 501,
  },
  // Not JSON at all.
  { why: 'no body', body: '', code: 'MALFORMED_JSON', says: /cannot be read/ },
  { why: 'YAML', body: 'inputs: []', code: 'MALFORMED_JSON', says: /cannot be read/ },
];

describe('an inference request is refused for', () => {
  it.each(REFUSED)('$why', async ({ model = 'matrix', body, code, says, status = 400 }) => {
    const before = runner.runs.length;
    const reply = await infer(model, body);
    expect(reply.status).toBe(status);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(reply.json).toEqual({
      error: expect.stringMatching(says),
      error_code: code,
      message: reply.json['error'],
      request_id: 'request-1',
    });
    expect(runner.runs).toHaveLength(before);
    expect(internalErrors).toEqual([]);
  });

  it('a name of a megabyte, without sending it back', async () => {
    const name = 'n'.repeat(900_000);
    const reply = await infer('matrix', { inputs: [{ ...x, name }] });
    expect(reply.status).toBe(400);
    expect(reply.text.length).toBeLessThan(1000);
  });
});

describe('an inference request may', () => {
  it('hold null where something optional is absent', async () => {
    const input = { ...x, parameters: null };
    const { status } = await infer('matrix', { id: null, parameters: null, inputs: [input], outputs: null });
    expect(status).toBe(200);
  });

  it('hold fields that nobody knows', async () => {
    const { status } = await infer('matrix', { model_name: 'm', inputs: [{ ...x, extra: [1] }], extra: {} });
    expect(status).toBe(200);
  });

  it.each([
    { sequence_id: 'a', sequence_start: true, sequence_end: false, priority: 0, timeout: 5 },
    { sequence_id: 2 ** 63, custom: 'of the caller' },
  ])('hold parameters that clients of the protocol send: %j', async (parameters) => {
    const { status } = await infer('matrix', { inputs: [x], parameters });
    expect(status).toBe(200);
  });

  it('have no inputs when the model requires none', async () => {
    const { json } = await infer('constant', { inputs: [] });
    expect(json['outputs']).toEqual([]);
  });

  it('leave out an input that has a default, or hold it', async () => {
    const vector = { name: 'x', shape: [1], datatype: 'FP32', data: [1] };
    const without = await infer('optional', { inputs: [vector], outputs: [{ name: 'x' }] });
    const both = await infer('optional', { inputs: [{ ...vector, name: 'scale' }, vector] });
    expect([without.status, both.status]).toEqual([200, 200]);
    expect([...(runner.runs.at(-1)?.inputs.keys() ?? [])]).toEqual(['scale', 'x']);
  });

  it.each([undefined, null, []])('have %j as the data of an empty tensor', async (data) => {
    const { json } = await infer('matrix', { inputs: [{ ...x, shape: [0, 2], data }] });
    expect(json['outputs']).toMatchObject([{ shape: [0, 2], data: [] }]);
  });

  it('name tensors as JavaScript names what objects inherit', async () => {
    const text = (name: string) => `{"name":"${name}","shape":[1],"datatype":"INT32","data":[7]}`;
    const inputs = `"inputs":[${text('__proto__')},${text('constructor')}]`;
    const { json } = await infer('proto', `{"__proto__":{"inputs":[]},${inputs}}`);
    expect(json['outputs']).toMatchObject([
      { name: '__proto__', data: [7] },
      { name: 'constructor', data: [7] },
    ]);
  });
});
