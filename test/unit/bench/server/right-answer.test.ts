import { describe, expect, it } from 'vitest';
import { protocol, row, rows } from '../../../../bench/server/dialects.ts';
import { rightAnswer, wrongIn } from '../../../../bench/server/right-answer.ts';
import { TABULAR } from '../../../../bench/server/served-models.ts';

const right = await rightAnswer(TABULAR);
const [label] = right['label'] as string[];
const probabilities = right['probabilities'] as number[];

describe('the right answer', () => {
  it('is what onnxruntime says', () => {
    expect(label).toBe('Adelie');
    expect(probabilities.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
  });

  it.each([
    [
      'the protocol',
      protocol,
      {
        outputs: [
          { name: 'label', shape: [1, 1], data: [label] },
          { name: 'probabilities', shape: [1, 3], data: probabilities },
        ],
      },
    ],
    ['a row', row, { label, probabilities }],
    ['a batch', rows, [{ label, probabilities }]],
  ])('is recognised in %s', (_, dialect, answer) => {
    expect(wrongIn(dialect.answer(answer), right)).toBeUndefined();
  });

  it('may be rounded otherwise', () => {
    expect(
      wrongIn({ label, probabilities: probabilities.map((each) => each + 1e-5) }, right),
    ).toBeUndefined();
  });

  it.each([
    ['another label', { label: 'Gentoo', probabilities }],
    ['other numbers', { label, probabilities: [...probabilities].reverse() }],
    ['too few numbers', { label, probabilities: probabilities.slice(1) }],
    ['no label', { probabilities }],
    ['nothing', {}],
  ])('is not %s', (_, answer) => {
    expect(wrongIn(answer, right)).toMatch(/^(label|probabilities) is /);
  });
});

describe('a request', () => {
  const inputs = TABULAR.inputs(1);

  it('holds the same row in every dialect', () => {
    const { inputs: tensors } = JSON.parse(protocol.body(inputs)) as {
      inputs: { name: string; data: unknown[] }[];
    };
    const flat = Object.fromEntries(tensors.map(({ name, data }) => [name, data[0]]));
    expect(JSON.parse(row.body(inputs))).toEqual(flat);
    expect(JSON.parse(rows.body(inputs))).toEqual({ rows: [flat] });
  });
});
