import assert from 'node:assert/strict';
import { must, nice, type Suite, should } from '../check.ts';
import { dataByName, jsonMessage, type Leaf, onlyOutput, readInference } from '../inference.ts';
import { REFERENCES } from '../references.ts';
import { assertRefused } from '../refusal.ts';

const row = (name: string, ...data: number[]) => ({ name, datatype: 'FP32', shape: [1, 4], data });
const A = row('a', 10, 20, 30, 40);
const B = row('b', 1, 2, 3, 4);
const SUM = [11, 22, 33, 44];
const DIFFERENCE = [9, 18, 27, 36];
const x = (shape: number[], data: unknown, datatype = 'FP32') => ({
  inputs: [{ name: 'x', datatype, shape, data }],
});

/** Requests for no output in particular: [title, outputs]. */
const ALL_OUTPUTS: readonly [string, readonly unknown[] | undefined][] = [
  ['no selection', undefined],
  ['an empty selection', []],
];

/** Requested outputs and what comes: only those, in that order. */
const SELECTIONS: readonly [string, Record<string, number[]>][] = [
  ['one output', { difference: DIFFERENCE }],
  ['the other output', { sum: SUM }],
  ['both outputs', { sum: SUM, difference: DIFFERENCE }],
  ['both outputs the other way round', { difference: DIFFERENCE, sum: SUM }],
];

const UNKNOWN_OUTPUTS: readonly [string, readonly unknown[]][] = [
  ['an unknown output', [{ name: 'product' }]],
  ['an unknown output beside a known one', [{ name: 'sum' }, { name: 'product' }]],
  ['the name of an input as an output', [{ name: 'a' }]],
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
  reference: REFERENCES.request,
  checks: [
    ...['42', 'ü "quoted" \\ 🐧', 'NaN'].map((id) =>
      must(`the id ${JSON.stringify(id)} is echoed`, async (server) => {
        assert.equal(readInference(await server.infer('add_sub', { id, inputs: [A, B] })).id, id);
      }),
    ),
    ...ALL_OUTPUTS.map(([title, outputs]) =>
      must(`${title}: all outputs`, async (server) => {
        const reply = await server.infer('add_sub', { inputs: [A, B], outputs });
        assert.deepEqual(dataByName(reply), { sum: SUM, difference: DIFFERENCE });
      }),
    ),
    ...SELECTIONS.map(([title, expected]) =>
      must(`${title}, and no others`, async (server) => {
        const outputs = Object.keys(expected).map((name) => ({ name }));
        const answer = readInference(await server.infer('add_sub', { inputs: [A, B], outputs }));
        assert.deepEqual(
          answer.outputs.map(({ name, data }) => [name, data]),
          Object.entries(expected),
        );
      }),
    ),
    must('the order of the inputs does not matter', async (server) => {
      const reply = await server.infer('add_sub', { inputs: [B, A] });
      assert.deepEqual(dataByName(reply), { sum: SUM, difference: DIFFERENCE });
    }),
    must(
      'the answer names the model, and each output with shape and datatype',
      async (server) => {
        const { model_name, model_version, outputs } = readInference(
          await server.infer('add_sub', { inputs: [A, B] }),
        );
        assert.equal(model_name, server.name('add_sub'));
        assert.ok(
          (model_version ?? undefined) === undefined || typeof model_version === 'string',
          'the version is a text',
        );
        for (const { shape, datatype } of outputs) {
          assert.deepEqual({ shape, datatype }, { shape: [1, 4], datatype: 'FP32' });
        }
      },
      REFERENCES.response,
    ),
    must('requests at the same time are answered each with its own', async (server) => {
      const numbers = Array.from({ length: 16 }, (_, i) => i);
      const answers = await Promise.all(
        numbers.map(async (number) => {
          const first = row('a', number, number, number, number);
          const reply = await server.infer('add_sub', { id: `r${number}`, inputs: [first, B] });
          const { id, outputs } = readInference(reply);
          return [id, outputs.find(({ name }) => name === 'sum')?.data?.[0]];
        }),
      );
      assert.deepEqual(
        answers,
        numbers.map((number) => [`r${number}`, number + 1]),
      );
    }),
    ...UNKNOWN_OUTPUTS.map(([title, outputs]) =>
      must(`${title}: 400`, async (server) => {
        assertRefused(await server.infer('add_sub', { inputs: [A, B], outputs }), 400);
      }),
    ),
    should('an output that is asked for twice: 400, or answered once or twice', async (server) => {
      const outputs = [{ name: 'sum' }, { name: 'sum' }];
      const reply = await server.infer('add_sub', { inputs: [A, B], outputs });
      if (reply.status === 200) assert.deepEqual(dataByName(reply), { sum: SUM });
      else assertRefused(reply, 400);
    }),
    ...OPTIONAL.map(([title, model, inputs, expected]) =>
      must(title, async (server) => {
        assert.deepEqual(onlyOutput(await server.infer(model, { inputs })).data, expected);
      }),
    ),
    must('an input with a default is used or refused when it is given, never ignored', async (server) => {
      const scale = { name: 'scale', datatype: 'FP32', shape: [1], data: [10] };
      const reply = await server.infer('optional_input', { inputs: [...x([1, 2], [3, 4]).inputs, scale] });
      if (reply.status === 200) assert.deepEqual(onlyOutput(reply).data, [30, 40]);
      else assertRefused(reply, 400);
    }),
    ...NOT_NUMBERS.map(([literal, bytes]) =>
      should(`${literal} is an element of FP32 and leaves as the right bytes`, async (server) => {
        const text = `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,1],"data":[${literal}]}],"parameters":{"binary_data_output":true}}`;
        assert.equal(onlyOutput(await server.infer('identity_fp32', text)).raw?.toString('hex'), bytes);
      }),
    ),
    ...['FP16', 'FP32', 'FP64'].map((datatype) =>
      should(`${datatype}: what is not a number is null in the answer, which is JSON`, async (server) => {
        const text = `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1,2],"data":[NaN,1.5]}]}`;
        assert.deepEqual(onlyOutput(await server.infer(`identity_${datatype.toLowerCase()}`, text)).data, [
          null,
          1.5,
        ]);
      }),
    ),
    must('the words NaN and Infinity inside of texts stay texts', async (server) => {
      const words = ['NaN', 'a "NaN", \\', '-Infinity'];
      const reply = await server.infer('identity_bytes', x([1, 3], words, 'BYTES'));
      assert.deepEqual(onlyOutput(reply).data, words);
    }),
    nice('BOOL takes 0 and 1', async (server) => {
      assert.deepEqual(onlyOutput(await server.infer('identity_bool', x([1, 2], [0, 1], 'BOOL'))).data, [
        false,
        true,
      ]);
    }),
    should('a tensor without elements needs no data', async (server) => {
      const { shape, data } = onlyOutput(await server.infer('identity_fp32', x([0, 2], undefined)));
      assert.deepEqual({ shape, data }, { shape: [0, 2], data: [] });
    }),
    must('a tensor without elements may carry empty data', async (server) => {
      const { shape, data } = onlyOutput(await server.infer('identity_int64', x([2, 0], [], 'INT64')));
      assert.deepEqual({ shape, data }, { shape: [2, 0], data: [] });
    }),
    should('timeout and priority are taken', async (server) => {
      const parameters = { timeout: 5_000_000, priority: 1 };
      assert.equal(
        readInference(await server.infer('add_sub', { inputs: [A, B], parameters })).outputs.length,
        2,
      );
    }),
    ...['application/json; charset=utf-8', undefined].map((type) =>
      should(
        `a JSON request may have ${type ? `the content type ${type}` : 'no content type'}`,
        async (server) => {
          const { body } = jsonMessage({ inputs: [A, B] });
          const reply = await server.post('add_sub', {
            headers: type ? { 'content-type': type } : {},
            body,
          });
          assert.deepEqual(dataByName(reply)['sum'], SUM);
        },
      ),
    ),
  ],
};
