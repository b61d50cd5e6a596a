import assert from 'node:assert/strict';
import { type Check, type Message, must, nice, type Suite, should } from '../check.ts';
import { binaryMessage, float32, jsonMessage, onlyOutput } from '../inference.ts';
import { REFERENCES } from '../references.ts';
import { assertRefused, mentions } from '../refusal.ts';
import { identityModel } from './datatypes.ts';

type Input = Readonly<Record<string, unknown>> & { readonly datatype?: string };

const GOOD: Input = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
const bytes = (size: unknown): Input => ({
  name: 'x',
  datatype: 'FP32',
  shape: [1, 2],
  parameters: { binary_data_size: size },
});

/** One wrong tensor, sent as the input `x` of an identity model of its datatype: [what is wrong, what of it]. */
const WRONG_TENSORS: readonly [string, Input][] = [
  ['the datatype does not exist', { datatype: 'FP31' }],
  ['the datatype is written in lower case', { datatype: 'fp32' }],
  ['the datatype is missing', { datatype: undefined }],
  ['the datatype is not the one of the model', { datatype: 'INT32' }],
  ['the rank is not the one of the model', { shape: [2] }],
  ['the shape is missing', { shape: undefined }],
  ['the shape is no list', { shape: '1,2' }],
  ['a dimension is negative', { shape: [-1, 2] }],
  ['a dimension is fractional', { shape: [0.5, 4] }],
  ['a dimension is a text', { shape: ['1', 2] }],
  ['the shape promises more elements than memory has', { shape: [1e15, 2] }],
  ['the shape promises more elements than integers can count', { shape: [4294967296, 4294967296] }],
  ['an element is missing', { data: [1] }],
  ['there is an element too many', { data: [1, 2, 3] }],
  ['data is missing', { data: undefined }],
  ['data is no list', { data: 1 }],
  ['data is a text', { data: '12' }],
  ['data is ragged', { shape: [2, 2], data: [[1, 2, 3], [4]] }],
  ['data is nested in another shape than it says', { shape: [2, 1], data: [[1, 2]] }],
  ['data mixes lists and elements', { data: [[1], 2] }],
  ['data holds an object', { data: [1, {}] }],
  ['FP32 holds a text', { data: [1, 'two'] }],
  ['FP32 holds a truth value', { data: [1, true] }],
  ['FP32 holds a value beyond its range', { data: [1, 1e39] }],
  ['FP16 holds a value beyond its range', { datatype: 'FP16', data: [1, 65520] }],
  ['INT8 holds 128', { datatype: 'INT8', data: [1, 128] }],
  ['UINT8 holds -1', { datatype: 'UINT8', data: [1, -1] }],
  ['INT16 holds 32768', { datatype: 'INT16', data: [1, 32768] }],
  ['UINT16 holds 65536', { datatype: 'UINT16', data: [1, 65536] }],
  ['INT32 holds 2147483648', { datatype: 'INT32', data: [1, 2147483648] }],
  ['INT32 holds a fraction', { datatype: 'INT32', data: [1, 1.5] }],
  ['INT32 holds null', { datatype: 'INT32', data: [1, null] }],
  ['UINT32 holds 4294967296', { datatype: 'UINT32', data: [1, 4294967296] }],
  ['UINT64 holds -1', { datatype: 'UINT64', data: [1, -1] }],
  ['INT64 holds a fraction', { datatype: 'INT64', data: [1, 0.5] }],
  ['BOOL holds 2', { datatype: 'BOOL', data: [1, 2] }],
  ['BOOL holds a text', { datatype: 'BOOL', data: [true, 'true'] }],
  ['BYTES holds a number', { datatype: 'BYTES', data: ['1', 2] }],
  ['BYTES holds null', { datatype: 'BYTES', data: ['1', null] }],
  ['BYTES holds half a surrogate pair', { datatype: 'BYTES', data: ['1', '\ud83d'] }],
  ['data and binary_data_size are given both', { parameters: { binary_data_size: 8 } }],
];

/** Numbers that JavaScript cannot write: [title, datatype, data as JSON text]. */
const WRONG_LITERALS: readonly [string, string, string][] = [
  ['FP64 holds a literal beyond its range', 'FP64', '[1,1e400]'],
  ['INT32 holds NaN', 'INT32', '[1,NaN]'],
  ['INT64 holds 2^63', 'INT64', '[1,9223372036854775808]'],
  ['INT64 holds one less than -2^63', 'INT64', '[1,-9223372036854775809]'],
  ['UINT64 holds 2^64', 'UINT64', '[1,18446744073709551616]'],
];

const row = (name: string, rows = 1) => ({
  name,
  datatype: 'FP32',
  shape: [rows, 4],
  data: Array.from({ length: 4 * rows }, () => 1),
});
const [A, B] = [row('a'), row('b')];

/** Inputs of add_sub that do not fit together: [title, inputs, tensor that is at fault]. */
const WRONG_SETS: readonly [string, readonly unknown[], string][] = [
  ['an input is missing', [A], 'b'],
  ['all inputs are missing', [], 'a'],
  ['an input is unknown', [A, B, row('surplus')], 'surplus'],
  ['an input comes twice', [A, B, A], 'a'],
  ['a name is one that every object has', [A, B, row('__proto__')], '__proto__'],
  ['a fixed dimension differs', [A, { ...B, shape: [2, 2] }], 'b'],
];

const TWO = float32(1, 2);

/** Binary inputs that are wrong: [title, input, bytes behind the JSON part]. */
const WRONG_BYTES: readonly [string, Input, Uint8Array][] = [
  ['fewer bytes than promised', bytes(8), TWO.subarray(0, 6)],
  ['no bytes at all', bytes(8), TWO.subarray(0, 0)],
  ['binary_data_size is not what the shape needs', bytes(4), TWO.subarray(0, 4)],
  ['binary_data_size is larger than the shape needs', bytes(12), float32(1, 2, 3)],
  ['binary_data_size is negative', bytes(-8), TWO],
  ['binary_data_size is fractional', bytes(8.5), TWO],
  ['binary_data_size is a text', bytes('8'), TWO],
];

/** One request that breaks one rule, by the model it goes to, and the tensor at fault. */
interface Wrong {
  readonly title: string;
  readonly model: string;
  readonly message: Message;
  readonly tensor: string;
}

const WRONG: readonly Wrong[] = [
  ...WRONG_TENSORS.map(([title, wrong]) => {
    const input = { ...GOOD, ...wrong };
    // Where the datatype itself is wrong, the model stays the one of FP32.
    const model =
      'data' in wrong && input.datatype !== undefined ? identityModel(input.datatype) : 'identity_fp32';
    return { title, model, message: jsonMessage({ inputs: [input] }), tensor: 'x' };
  }),
  ...WRONG_LITERALS.map(([title, datatype, data]) => ({
    title,
    model: identityModel(datatype),
    message: jsonMessage(`{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1,2],"data":${data}}]}`),
    tensor: 'x',
  })),
  ...WRONG_SETS.map(([title, inputs, tensor]) => ({
    title,
    model: 'add_sub',
    message: jsonMessage({ inputs }),
    tensor,
  })),
  ...WRONG_BYTES.map(([title, input, tail]) => ({
    title,
    model: 'identity_fp32',
    message: binaryMessage({ inputs: [input] }, tail),
    tensor: 'x',
  })),
];

const refused = ({ title, model, message }: Wrong): Check =>
  must(`${title}: 400`, async (server) => {
    assertRefused(await server.post(model, message), 400);
  });

const namesTensor = ({ title, model, message, tensor }: Wrong): Check =>
  nice(`${title}: the message names the tensor`, async (server) => {
    const error = assertRefused(await server.post(model, message), 400);
    assert.ok(mentions(error, tensor), `"${error}" names ${tensor}`);
  });

export const validation: Suite = {
  title: 'every rule of a request',
  reference: REFERENCES.request,
  checks: [
    ...WRONG.map(refused),
    must('rows of two inputs that differ in number, which only the runtime can tell: 400', async (server) => {
      assertRefused(await server.infer('add_sub', { inputs: [row('a', 2), row('b', 3)] }), 400);
    }),
    must('BYTES holds a NUL character: it comes back or is refused, never cut', async (server) => {
      const data = ['1', 'a\0b'];
      const inputs = [{ ...GOOD, datatype: 'BYTES', data }];
      const reply = await server.infer('identity_bytes', { inputs });
      if (reply.status === 200) assert.deepEqual(onlyOutput(reply).data, data);
      else assertRefused(reply, 400);
    }),
    must(
      'bytes are left over: 400',
      async (server) => {
        const message = binaryMessage({ inputs: [bytes(8)] }, float32(1, 2, 3));
        assertRefused(await server.post('identity_fp32', message), 400);
      },
      REFERENCES.binary,
    ),
    must(
      'binary_data_size without the length header: 400',
      async (server) => {
        assertRefused(await server.infer('identity_fp32', { inputs: [bytes(8)] }), 400);
      },
      REFERENCES.binary,
    ),
    should('BF16 for a model of FP32 is 400, or 501 where the server has no BF16', async (server) => {
      const message = binaryMessage({ inputs: [{ ...bytes(4), datatype: 'BF16' }] }, new Uint8Array(4));
      assertRefused(await server.post('identity_fp32', message), 400, 501);
    }),
    ...WRONG.map(namesTensor),
  ],
};
