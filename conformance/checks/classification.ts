import assert from 'node:assert/strict';
import { type Suite, should } from '../check.ts';
import { onlyOutput } from '../inference.ts';
import { REFERENCES } from '../references.ts';
import { assertRefused } from '../refusal.ts';

const VALUES = [1, 4, 2, 3];
const ROW = { datatype: 'FP32', shape: [1, 4] };
const INPUTS = [
  { name: 'a', ...ROW, data: VALUES },
  { name: 'b', ...ROW, data: [0, 0, 0, 0] },
];

/** How many classes are asked for, and the [value, index] that come. */
const ASKED: readonly [string, number, readonly (readonly [number, number])[]][] = [
  ['the likeliest', 1, [[4, 1]]],
  [
    'the two likeliest, in falling order',
    2,
    [
      [4, 1],
      [3, 3],
    ],
  ],
  [
    'more than there are: all of them',
    9,
    [
      [4, 1],
      [3, 3],
      [2, 2],
      [1, 0],
    ],
  ],
];

const outputs = (k: unknown) => [{ name: 'sum', parameters: { classification: k } }];

export const classification: Suite = {
  title: 'classification',
  reference: REFERENCES.classification,
  checks: [
    ...ASKED.map(([title, k, expected]) =>
      should(`${title}, as value:index`, async (server) => {
        const reply = await server.infer('add_sub', { inputs: INPUTS, outputs: outputs(k) });
        const { shape, datatype, data = [] } = onlyOutput(reply);
        assert.deepEqual({ shape, datatype }, { shape: [1, expected.length], datatype: 'BYTES' });
        // A label may follow.
        assert.deepEqual(
          data.map((text) => String(text).split(':').slice(0, 2).map(Number)),
          expected,
        );
      }),
    ),
    ...['2', 1.5, -1].map((k) =>
      should(`classification of ${JSON.stringify(k)} classes: 400`, async (server) => {
        assertRefused(await server.infer('add_sub', { inputs: INPUTS, outputs: outputs(k) }), 400);
      }),
    ),
    should('texts have no classes: 400', async (server) => {
      const inputs = [{ name: 'x', datatype: 'BYTES', shape: [1, 1], data: ['a'] }];
      const asked = [{ name: 'y', parameters: { classification: 1 } }];
      assertRefused(await server.infer('identity_bytes', { inputs, outputs: asked }), 400);
    }),
  ],
};
