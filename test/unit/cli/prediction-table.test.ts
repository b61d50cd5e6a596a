import { describe, expect, it } from 'vitest';
import { predictionTable } from '../../../cli/prediction-table.ts';
import { byteSize, table } from '../../../cli/table.ts';

describe('predictions for people', () => {
  it('are one line per row, with a list where an output has several values', () => {
    expect(
      predictionTable([
        { name: 'label', datatype: 'BYTES', shape: [2], data: ['Adelie', 'Gentoo'] },
        { name: 'probabilities', datatype: 'FP32', shape: [2, 2], data: [0.123456789, 0.9, 1e-9, 1] },
      ]).split('\n'),
    ).toEqual(['row  label   probabilities', '  1  Adelie  [0.123457, 0.9]', '  2  Gentoo  [1e-9, 1]']);
  });

  it('are read whether data is flat or nested', () => {
    const output = { name: 'y', datatype: 'INT64', shape: [2, 2] };
    expect(
      predictionTable([
        {
          ...output,
          data: [
            [1, 2],
            [3, 4],
          ],
        },
      ]),
    ).toBe(predictionTable([{ ...output, data: [1, 2, 3, 4] }]));
  });

  it('are one line per output when the outputs do not count the same rows', () => {
    expect(
      predictionTable([
        { name: 'scores', datatype: 'FP32', shape: [2], data: [1, 2] },
        { name: 'total', datatype: 'FP64', shape: [], data: [3] },
      ]).split('\n'),
    ).toEqual(['output  shape  values', 'scores  [2]    [1, 2]', 'total   []     3']);
  });

  it('show NaN where the answer says null, integers with all digits, and no rows as none', () => {
    expect(predictionTable([{ name: 'y', datatype: 'FP32', shape: [1], data: [null] }])).toContain('NaN');
    expect(predictionTable([{ name: 'y', datatype: 'INT64', shape: [1], data: [2n ** 63n - 1n] }])).toContain(
      '9223372036854775807',
    );
    expect(predictionTable([{ name: 'y', datatype: 'FP32', shape: [0, 3], data: [] }])).toBe('row  y');
  });
});

describe('a table', () => {
  it('puts numbers to the right and text to the left', () => {
    expect(
      table(
        ['name', 'size'],
        [
          ['a', '9 B'],
          ['bcd', '12.5 kB'],
        ],
      ).split('\n'),
    ).toEqual(['name     size', 'a         9 B', 'bcd   12.5 kB']);
  });
});

describe('a size', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1_536_000, '1.5 MB'],
    [2_000_000_000, '2.0 GB'],
  ])('of %i bytes is %s', (bytes, text) => {
    expect(byteSize(bytes)).toBe(text);
  });
});
