import assert from 'node:assert/strict';
import { must, type Suite, should } from '../check.ts';
import { infer, inferPath, jsonMessage, type Leaf, onlyOutput, readInference } from '../inference.ts';
import { assertRefused } from '../refusal.ts';

const row = (name: string, ...data: number[]) => ({ name, datatype: 'FP32', shape: [1, 4], data });
const A = row('a', 10, 20, 30, 40);
const B = row('b', 1, 2, 3, 4);
const SUM = [11, 22, 33, 44];
const DIFFERENCE = [9, 18, 27, 36];
const x = (shape: number[], data: unknown, datatype = 'FP32') => ({
  inputs: [{ name: 'x', datatype, shape, data }],
});

/** Requested outputs and what comes: only those, in that order. */
const SELECTIONS: readonly [string, readonly string[] | undefined, Record<string, number[]>][] = [
  ['no selection: all outputs', undefined, { sum: SUM, difference: DIFFERENCE }],
  ['an empty selection: all outputs', [], { sum: SUM, difference: DIFFERENCE }],
  ['one output', ['difference'], { difference: DIFFERENCE }],
  ['both, the other way round', ['difference', 'sum'], { difference: DIFFERENCE, sum: SUM }],
];

/** Models whose inputs are not all required: [title, model, inputs, y]. */
const OPTIONAL: readonly [string, string, unknown[], Leaf[]][] = [
  ['a model without inputs takes an empty list', 'constant', [], [1, 2, 3]],
  ['an input with a default may be left out', 'optional_input', x([1, 2], [3, 4]).inputs, [6, 8]],
  [
    'a weight that stands among the inputs (IR version 3) may be left out',
    'ir3',
    x([1, 2], [3, 4]).inputs,
    [4, 3],
  ],
];

/** What JSON can say of not-a-number and infinity: [JSON text, bytes of the element]. */
const NOT_NUMBERS: readonly [string, string][] = [
  ['null', '0000c07f'],
  ['NaN', '0000c07f'],
  ['Infinity', '0000807f'],
  ['-Infinity', '000080ff'],
];

export const requests: Suite = {
  title: 'requests and answers',
  checks: [
    ...['42', 'ü "quoted" \\ 🐧', 'NaN'].map((id) =>
      must(`the id ${JSON.stringify(id)} is echoed`, async (call) => {
        assert.equal(readInference(await infer(call, 'add_sub', { id, inputs: [A, B] })).id, id);
      }),
    ),
    ...SELECTIONS.map(([title, names, expected]) =>
      must(title, async (call) => {
        const request = { inputs: [A, B], outputs: names?.map((name) => ({ name })) };
        const { outputs } = readInference(await infer(call, 'add_sub', request));
        assert.deepEqual(
          outputs.map(({ name, data }) => [name, data]),
          Object.entries(expected),
        );
      }),
    ),
    must('the order of the inputs does not matter', async (call) => {
      const { outputs } = readInference(await infer(call, 'add_sub', { inputs: [B, A] }));
      assert.deepEqual(
        outputs.map(({ data }) => data),
        [SUM, DIFFERENCE],
      );
    }),
    must('an unknown output is refused by name', async (call) => {
      const request = { inputs: [A, B], outputs: [{ name: 'product' }] };
      assertRefused(await infer(call, 'add_sub', request), 400, { names: 'product' });
    }),
    ...OPTIONAL.map(([title, model, inputs, expected]) =>
      must(title, async (call) => {
        assert.deepEqual(onlyOutput(await infer(call, model, { inputs })).data, expected);
      }),
    ),
    must(
      'an input with a default is used or refused by name when it is given, never ignored',
      async (call) => {
        const scale = { name: 'scale', datatype: 'FP32', shape: [1], data: [10] };
        const reply = await infer(call, 'optional_input', { inputs: [...x([1, 2], [3, 4]).inputs, scale] });
        if (reply.status === 200) assert.deepEqual(onlyOutput(reply).data, [30, 40]);
        else assertRefused(reply, 400, { names: 'scale' });
      },
    ),
    ...NOT_NUMBERS.map(([literal, bytes]) =>
      must(`${literal} is an element of FP32 and leaves as the right bytes`, async (call) => {
        const text = `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,1],"data":[${literal}]}],"parameters":{"binary_data_output":true}}`;
        assert.equal(onlyOutput(await infer(call, 'identity_fp32', text)).raw?.toString('hex'), bytes);
      }),
    ),
    ...['FP16', 'FP32', 'FP64'].map((datatype) =>
      must(`${datatype}: what is not a number is null in the answer`, async (call) => {
        const text = `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1,2],"data":[NaN,1.5]}]}`;
        assert.deepEqual(onlyOutput(await infer(call, `identity_${datatype.toLowerCase()}`, text)).data, [
          null,
          1.5,
        ]);
      }),
    ),
    must('the words NaN and Infinity inside of texts stay texts', async (call) => {
      const words = ['NaN', 'a "NaN", \\', '-Infinity'];
      const reply = await infer(call, 'identity_bytes', x([1, 3], words, 'BYTES'));
      assert.deepEqual(onlyOutput(reply).data, words);
    }),
    must('BOOL takes 0 and 1', async (call) => {
      assert.deepEqual(onlyOutput(await infer(call, 'identity_bool', x([1, 2], [0, 1], 'BOOL'))).data, [
        false,
        true,
      ]);
    }),
    must('a tensor without elements needs no data', async (call) => {
      const { shape, data } = onlyOutput(await infer(call, 'identity_fp32', x([0, 2], undefined)));
      assert.deepEqual({ shape, data }, { shape: [0, 2], data: [] });
    }),
    must('a tensor without elements may carry empty data', async (call) => {
      const { shape, data } = onlyOutput(await infer(call, 'identity_int64', x([2, 0], [], 'INT64')));
      assert.deepEqual({ shape, data }, { shape: [2, 0], data: [] });
    }),
    should('timeout and priority are taken', async (call) => {
      const parameters = { timeout: 5_000_000, priority: 1 };
      assert.equal(
        readInference(await infer(call, 'add_sub', { inputs: [A, B], parameters })).outputs.length,
        2,
      );
    }),
    ...['application/json; charset=utf-8', undefined].map((type) =>
      should(
        `a JSON request may have ${type ? `the content type ${type}` : 'no content type'}`,
        async (call) => {
          const { body } = jsonMessage({ inputs: [A, B] });
          const reply = await call('POST', inferPath('add_sub'), {
            headers: type ? { 'content-type': type } : {},
            body,
          });
          assert.deepEqual(readInference(reply).outputs[0]?.data, SUM);
        },
      ),
    ),
    should('every answer carries an id of the prediction of its own', async (call) => {
      const replies = [
        await infer(call, 'add_sub', { inputs: [A, B] }),
        await infer(call, 'add_sub', { inputs: [A, B] }),
      ];
      const ids = replies.map((reply) => readInference(reply).parameters?.['prediction_id']);
      assert.deepEqual(
        replies.map((reply) => reply.headers.get('x-prediction-id')),
        ids,
      );
      assert.ok(ids.every((id) => typeof id === 'string' && id.length >= 16));
      assert.equal(new Set(ids).size, 2);
    }),
    should('classification: the k likeliest, as value:index, in falling order', async (call) => {
      const outputs = [{ name: 'sum', parameters: { classification: 2 } }];
      const { shape, datatype, data } = onlyOutput(await infer(call, 'add_sub', { inputs: [A, B], outputs }));
      assert.deepEqual({ shape, datatype }, { shape: [1, 2], datatype: 'BYTES' });
      assert.deepEqual(
        data?.map((text) => String(text).split(':').map(Number)),
        [
          [44, 3],
          [33, 2],
        ],
      );
    }),
  ],
};
