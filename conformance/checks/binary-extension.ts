import assert from 'node:assert/strict';
import { type Message, must, type Suite, should } from '../check.ts';
import {
  binaryMessage,
  dataByName,
  float32,
  hex,
  jsonMessage,
  onlyOutput,
  readInference,
} from '../inference.ts';
import { REFERENCES } from '../references.ts';
import { assertRefused } from '../refusal.ts';

const ROW = { datatype: 'FP32', shape: [1, 4] };
const JSON_INPUTS = [
  { name: 'a', ...ROW, data: [10, 20, 30, 40] },
  { name: 'b', ...ROW, data: [1, 2, 3, 4] },
];
const A = float32(10, 20, 30, 40);
const B = float32(1, 2, 3, 4);
const SUM = float32(11, 22, 33, 44);
const DIFFERENCE = float32(9, 18, 27, 36);
const binary = (name: string, size = 16) => ({ name, ...ROW, parameters: { binary_data_size: size } });

/** Byte for byte what tritonclient sends with its default arguments for FP32 [[1, 2], [3, 4]]. */
const TRITONCLIENT_HEAD =
  '{"id": "42", "inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "parameters": {"binary_data_size": 16}}], "parameters": {"binary_data_output": true}}';
const TRITONCLIENT_BYTES = 160;

/** Request-level binary_data_output, the output's own binary_data, whether the output is listed, and what comes. */
const FORMS: readonly [boolean | undefined, boolean | undefined, 'listed' | 'unlisted', 'bytes' | 'JSON'][] =
  [
    [undefined, undefined, 'unlisted', 'JSON'],
    [false, undefined, 'unlisted', 'JSON'],
    [true, undefined, 'unlisted', 'bytes'],
    [undefined, undefined, 'listed', 'JSON'],
    [undefined, false, 'listed', 'JSON'],
    [undefined, true, 'listed', 'bytes'],
    [false, false, 'listed', 'JSON'],
    [false, true, 'listed', 'bytes'],
    [true, undefined, 'listed', 'bytes'],
    [true, false, 'listed', 'JSON'],
    [true, true, 'listed', 'bytes'],
  ];

/** Inputs of which some travel as bytes: [title, inputs, bytes behind the JSON part]. */
const MIXTURES: readonly [string, readonly unknown[], readonly Buffer[]][] = [
  ['two inputs as bytes', [binary('a'), binary('b')], [A, B]],
  ['two inputs as bytes, the other way round', [binary('b'), binary('a')], [B, A]],
  ['one input as bytes and one as JSON', [binary('a'), JSON_INPUTS[1]], [A]],
  ['one input as JSON and one as bytes', [JSON_INPUTS[0], binary('b')], [B]],
];

const PLAIN = binaryMessage({ inputs: [{ ...binary('x'), shape: [2, 2] }] }, B);
const HEAD_BYTES = Number(PLAIN.headers?.['inference-header-content-length']);
const withLength = (length: string): Message => ({
  ...PLAIN,
  headers: { 'inference-header-content-length': length },
});

/** Values of the length header that are wrong for a body of this length. */
const WRONG_LENGTHS: readonly [string, string][] = [
  ['-1', '-1'],
  ['one byte more than the body', String(HEAD_BYTES + 17)],
  ['the whole body, so that the raw bytes count as JSON', String(HEAD_BYTES + 16)],
  ['one byte less than the JSON part', String(HEAD_BYTES - 1)],
  ['abc', 'abc'],
  ['1.5', '1.5'],
  ['a number with a unit', `${HEAD_BYTES}b`],
  ['hexadecimal', `0x${HEAD_BYTES.toString(16)}`],
  ['more digits than a number holds', '9'.repeat(400)],
];

/** Elements of BYTES on the wire: [title, bytes, texts]. */
const TEXTS: readonly [string, string, string[]][] = [
  ['two texts of one and two bytes a letter', '02000000 6162 02000000 c3bc', ['ab', 'ü']],
  ['empty texts', '00000000 00000000', ['', '']],
];

/** Bytes that are no two texts. */
const NOT_TEXTS: readonly [string, string][] = [
  ['a length that is cut off', '02000000 6162 0200'],
  ['a text shorter than its length', '02000000 6162 09000000 c3bc'],
  ['one text instead of two', '02000000 6162'],
  ['three texts instead of two', '00000000 00000000 00000000'],
  ['a length of four gigabytes', '02000000 6162 ffffffff'],
];

/** Elements that not every runtime can carry. */
const UNUSUAL_TEXTS: readonly [string, string][] = [
  ['bytes that are not UTF-8', '02000000 6162 02000000 c328'],
  ['a NUL character', '02000000 6162 03000000 610062'],
];

const texts = (raw: Uint8Array, parameters = {}) =>
  binaryMessage(
    {
      inputs: [{ name: 'x', datatype: 'BYTES', shape: [1, 2], parameters: { binary_data_size: raw.length } }],
      parameters,
    },
    raw,
  );

/** A body that is nothing but the bytes of the only input. */
const raw = (body: Uint8Array): Message => ({
  headers: { 'inference-header-content-length': '0' },
  body: new Uint8Array(body),
});

export const binaryExtension: Suite = {
  title: 'binary tensor data',
  reference: REFERENCES.binary,
  checks: [
    must("tritonclient's default request is answered in bytes", async (server) => {
      const message = binaryMessage(TRITONCLIENT_HEAD, float32(1, 2, 3, 4));
      assert.equal(message.headers?.['inference-header-content-length'], String(TRITONCLIENT_BYTES));
      const reply = await server.post('fixed', message);
      const answer = readInference(reply);
      assert.equal(answer.id, '42');
      assert.equal(reply.headers.get('content-type'), 'application/octet-stream');
      const [y] = answer.outputs;
      assert.deepEqual(
        { name: y?.name, shape: y?.shape, datatype: y?.datatype, size: y?.parameters?.['binary_data_size'] },
        { name: 'y', shape: [2, 2], datatype: 'FP32', size: 16 },
      );
      assert.deepEqual(Buffer.from(reply.bytes.subarray(-16)), float32(1, 2, 3, 4));
    }),
    ...FORMS.map(([wanted, own, listed, form]) => {
      const asked = `binary_data_output ${wanted ?? 'absent'}, output ${listed}${listed === 'listed' ? `, binary_data ${own ?? 'absent'}` : ''}`;
      return must(`${asked}: ${form}`, async (server) => {
        const reply = await server.infer('add_sub', {
          inputs: JSON_INPUTS,
          ...(wanted !== undefined && { parameters: { binary_data_output: wanted } }),
          ...(listed === 'listed' && {
            outputs: [{ name: 'sum', ...(own !== undefined && { parameters: { binary_data: own } }) }],
          }),
        });
        const { data, raw: bytes } = readInference(reply).outputs.find(({ name }) => name === 'sum') ?? {};
        if (form === 'JSON') assert.deepEqual(data, [11, 22, 33, 44]);
        else assert.deepEqual(bytes, SUM);
      });
    }),
    must('one output as bytes and one as JSON in the same answer', async (server) => {
      const outputs = [
        { name: 'sum', parameters: { binary_data: false } },
        { name: 'difference', parameters: { binary_data: true } },
      ];
      const [sum, difference] = readInference(
        await server.infer('add_sub', { inputs: JSON_INPUTS, outputs }),
      ).outputs;
      assert.deepEqual(sum?.data, [11, 22, 33, 44]);
      assert.deepEqual(difference?.raw, DIFFERENCE);
    }),
    must('bytes of two outputs follow each other in the order asked', async (server) => {
      const outputs = ['difference', 'sum'].map((name) => ({ name, parameters: { binary_data: true } }));
      const reply = await server.infer('add_sub', { inputs: JSON_INPUTS, outputs });
      assert.deepEqual(Buffer.from(reply.bytes.subarray(-32)), Buffer.concat([DIFFERENCE, SUM]));
    }),
    ...MIXTURES.map(([title, inputs, parts]) =>
      must(title, async (server) => {
        const reply = await server.post('add_sub', binaryMessage({ inputs }, ...parts));
        assert.deepEqual(dataByName(reply), { sum: [11, 22, 33, 44], difference: [9, 18, 27, 36] });
      }),
    ),
    ...WRONG_LENGTHS.map(([title, length]) =>
      must(`length header ${title}: 400`, async (server) => {
        assertRefused(await server.post('fixed', withLength(length)), 400);
      }),
    ),
    must('bytes without the length header: 400', async (server) => {
      assertRefused(await server.post('fixed', { body: PLAIN.body }), 400);
    }),
    must('a length header as long as a JSON body is a JSON request', async (server) => {
      const { body } = jsonMessage({
        inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] }],
      });
      const headers = { 'inference-header-content-length': String(body?.length) };
      assert.deepEqual(onlyOutput(await server.post('fixed', { headers, body })).data, [1, 2, 3, 4]);
    }),
    ...TEXTS.map(([title, wire, expected]) =>
      must(`BYTES: ${title}`, async (server) => {
        assert.deepEqual(onlyOutput(await server.post('identity_bytes', texts(hex(wire)))).data, expected);
        const inBytes = onlyOutput(
          await server.post('identity_bytes', texts(hex(wire), { binary_data_output: true })),
        );
        assert.deepEqual(inBytes.raw, hex(wire));
      }),
    ),
    ...NOT_TEXTS.map(([title, wire]) =>
      must(`BYTES: ${title}: 400`, async (server) => {
        assertRefused(await server.post('identity_bytes', texts(hex(wire))), 400);
      }),
    ),
    ...UNUSUAL_TEXTS.map(([title, wire]) =>
      must(`BYTES: ${title} come back as they were or are refused, never cut or replaced`, async (server) => {
        const reply = await server.post('identity_bytes', texts(hex(wire), { binary_data_output: true }));
        if (reply.status === 200) assert.deepEqual(onlyOutput(reply).raw, hex(wire));
        else assertRefused(reply, 400);
      }),
    ),
    must('BOOL: a byte other than 0 and 1 is refused or counts as true, never passed on', async (server) => {
      const input = { name: 'x', datatype: 'BOOL', shape: [1, 2], parameters: { binary_data_size: 2 } };
      const message = binaryMessage(
        { inputs: [input], parameters: { binary_data_output: true } },
        hex('02 00'),
      );
      const reply = await server.post('identity_bool', message);
      if (reply.status === 200) assert.deepEqual(onlyOutput(reply).raw, hex('01 00'));
      else assertRefused(reply, 400);
    }),
    must('a tensor without elements, in bytes both ways', async (server) => {
      const input = { name: 'x', datatype: 'FP32', shape: [0, 3], parameters: { binary_data_size: 0 } };
      const message = binaryMessage({ inputs: [input], parameters: { binary_data_output: true } });
      const { shape, parameters, data } = onlyOutput(await server.post('identity_fp32', message));
      assert.deepEqual(
        { shape, size: parameters?.['binary_data_size'], data },
        { shape: [0, 3], size: 0, data: undefined },
      );
    }),
    should('a raw body is the only input, and the answer comes in bytes', async (server) => {
      assert.deepEqual(onlyOutput(await server.post('fixed', raw(B))).raw, B);
    }),
    should('a raw body for BYTES [1] is the text itself, without a length before it', async (server) => {
      const reply = await server.post('vector_bytes', raw(hex('6162')));
      assert.deepEqual(onlyOutput(reply).raw, hex('02000000 6162'));
    }),
    must('a raw body of the wrong size: 400', async (server) => {
      assertRefused(await server.post('fixed', raw(B.subarray(4))), 400);
    }),
    must('a raw body for a model with two inputs: 400', async (server) => {
      assertRefused(await server.post('add_sub', raw(B)), 400);
    }),
    must('a raw body for an input with two free dimensions: 400', async (server) => {
      assertRefused(await server.post('identity_fp32', raw(B)), 400);
    }),
  ],
};
