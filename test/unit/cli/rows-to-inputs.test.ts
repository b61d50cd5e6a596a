import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowsToInputs } from '../../../cli/rows-to-inputs.ts';
import type { TensorSpec } from '../../../core/tensor/tensor.ts';

const input = (name: string, shape: number[]): TensorSpec => ({ name, datatype: 'FP32', shape });

describe('rows become one tensor per input', () => {
  it('where the first dimension counts the rows and values fill the others', () => {
    const inputs: TensorSpec[] = [
      input('age', [-1, 1]),
      { name: 'city', datatype: 'BYTES', shape: [-1] },
      input('history', [-1, 3]),
    ];
    const rows = [
      { age: 41, city: 'Oslo', history: [1, 2, 3] },
      { age: null, city: 'Rome', history: [4, 5, 6] },
    ];
    expect(rowsToInputs(inputs, rows)).toEqual([
      { name: 'age', datatype: 'FP32', shape: [2, 1], data: [41, null] },
      { name: 'city', datatype: 'BYTES', shape: [2], data: ['Oslo', 'Rome'] },
      { name: 'history', datatype: 'FP32', shape: [2, 3], data: [1, 2, 3, 4, 5, 6] },
    ]);
  });

  it.each([
    { what: 'flat, when only one shape fits', value: [1, 2, 3, 4], shape: [-1, 2, 2], tensor: [1, 2, 2] },
    {
      what: 'nested',
      value: [
        [1, 2],
        [3, 4],
      ],
      shape: [-1, 2, 2],
      tensor: [1, 2, 2],
    },
    {
      what: 'nested, with free lengths',
      value: [
        [1, 2],
        [3, 4],
      ],
      shape: [-1, -1, -1],
      tensor: [1, 2, 2],
    },
    { what: 'flat, with one free length', value: [1, 2, 3, 4], shape: [-1, -1, 2], tensor: [1, 2, 2] },
    { what: 'a single number', value: 7, shape: [-1, 1, 1], tensor: [1, 1, 1] },
    { what: 'a number for a free length', value: 7, shape: [-1, -1], tensor: [1, 1] },
    { what: 'an empty list', value: [], shape: [-1, -1], tensor: [1, 0] },
  ])('of a value that is $what', ({ value, shape, tensor }) => {
    const [result] = rowsToInputs([input('x', shape)], [{ x: value }]);
    expect(result?.shape).toEqual(tensor);
    expect(result?.data).toEqual([value].flat(3));
  });

  it('of a model whose input is a scalar, or counts a fixed number of rows', () => {
    expect(rowsToInputs([input('x', [])], [{ x: 7 }])).toMatchObject([{ shape: [], data: [7] }]);
    expect(rowsToInputs([input('x', [2, 1])], [{ x: 1 }, { x: 2 }])).toMatchObject([{ shape: [2, 1] }]);
  });

  it('leaving out an input that no row names', () => {
    expect(rowsToInputs([input('x', [-1]), input('optional', [-1])], [{ x: 1 }])).toHaveLength(1);
  });

  it('that holds every value of every row in order, for any shape', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
    const cases = fc.tuple(shapes, fc.integer({ min: 1, max: 4 })).chain(([shape, rows]) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const row = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
        minLength: size,
        maxLength: size,
      });
      return fc.tuple(fc.constant(shape), fc.array(row, { minLength: rows, maxLength: rows }));
    });
    fc.assert(
      fc.property(cases, ([shape, rows]) => {
        const spec = [input('x', [-1, ...shape])];
        const expected = [{ name: 'x', datatype: 'FP32', shape: [rows.length, ...shape], data: rows.flat() }];
        const flat = rows.map((row) => ({ x: row }));
        const nested = rows.map((row) => ({ x: nest(row, shape) }));
        expect(rowsToInputs(spec, nested)).toEqual(expected);
        // A row of one number that is not in a list has rank 0: `[x]` would be a flat list of one.
        expect(rowsToInputs(spec, shape.length === 0 ? nested : flat)).toEqual(expected);
      }),
    );
  });
});

/** A flat row-major list as nested lists of these lengths. */
function nest(flat: readonly unknown[], [length, ...rest]: readonly number[]): unknown {
  if (length === undefined) {
    return flat[0];
  }
  const width = flat.length / length;
  return Array.from({ length }, (_, index) => nest(flat.slice(index * width, (index + 1) * width), rest));
}

describe('rows are refused, and the message names row and input,', () => {
  const inputs = [input('x', [-1, 2]), input('y', [-1, 1])];
  const good = { x: [1, 2], y: 1 };

  it.each([
    { what: 'without any', rows: [], names: ['no rows'] },
    { what: 'that are no objects', rows: [good, 7], names: ['Row 2'] },
    { what: 'that are lists', rows: [[1, 2]], names: ['Row 1'] },
    {
      what: 'with a name the model does not know',
      rows: [good, { ...good, z: 1 }],
      names: ['Row 2', '"z"', 'x, y'],
    },
    { what: 'with a value missing', rows: [good, { x: [1, 2] }], names: ['Row 2', 'y'] },
    { what: 'with too many values', rows: [{ x: [1, 2, 3], y: 1 }], names: ['Row 1', 'x', '[2]'] },
    { what: 'with too few values', rows: [good, { x: 1, y: 1 }], names: ['Row 2', 'x', '[2]'] },
    { what: 'with an object as value', rows: [{ x: { a: 1 }, y: 1 }], names: ['Row 1', 'x'] },
    {
      what: 'with ragged lists',
      rows: [{ x: [[1], [2, 3]], y: 1 }],
      names: ['Row 1', 'x', 'different lengths'],
    },
  ])('$what', ({ rows, names }) => {
    for (const name of names) {
      expect(() => rowsToInputs(inputs, rows)).toThrow(name);
    }
    expect(() => rowsToInputs(inputs, rows)).toThrow(
      expect.objectContaining({ code: 'INVALID_ROWS', statusCode: 400 }),
    );
  });

  it.each([
    {
      what: 'that differ in a free length',
      shape: [-1, -1],
      rows: [{ x: [1] }, { x: [1, 2] }],
      name: 'Row 2, x',
    },
    { what: 'that are several for a scalar', shape: [], rows: [{ x: 1 }, { x: 2 }], name: 'x' },
    { what: 'that are not as many as the model takes', shape: [3], rows: [{ x: 1 }], name: 'exactly 3' },
    { what: 'whose list does not divide', shape: [-1, -1, 2], rows: [{ x: [1, 2, 3] }], name: 'Row 1, x' },
    { what: 'whose list fits several shapes', shape: [-1, -1, -1], rows: [{ x: [1, 2] }], name: 'nest' },
  ])('$what', ({ shape, rows, name }) => {
    expect(() => rowsToInputs([input('x', shape)], rows)).toThrow(name);
  });

  it.each<{ datatype: TensorSpec['datatype']; value: unknown; says: string }>([
    { datatype: 'FP32', value: 'x', says: 'Row 2, age is the string "x"; FP32 needs a number.' },
    { datatype: 'INT8', value: 300, says: 'Row 2, age is out of the range of INT8: 300.' },
    { datatype: 'INT32', value: 0.5, says: 'Row 2, age is 0.5; INT32 needs an integer.' },
    {
      datatype: 'BYTES',
      value: null,
      says: 'Row 2, age is null; BYTES needs a string, "" where one is missing.',
    },
    { datatype: 'BYTES', value: 5, says: 'Row 2, age is 5; BYTES needs a string.' },
  ])('with $value for $datatype', ({ datatype, value, says }) => {
    const good = datatype === 'BYTES' ? '' : 1;
    expect(() =>
      rowsToInputs([{ name: 'age', datatype, shape: [-1] }], [{ age: good }, { age: value }]),
    ).toThrow(says);
  });

  it('with a wrong element of a list, by its place', () => {
    expect(() => rowsToInputs([input('x', [-1, 3])], [{ x: [1, 'two', 3] }])).toThrow(
      'Element 1 of Row 1, x is the string "two"; FP32 needs a number.',
    );
  });

  it('with everything that a row lacks at once', () => {
    const inputs = [input('a', [-1]), input('b', [-1]), input('c', [-1])];
    expect(() => rowsToInputs(inputs, [{ a: 1, b: 2, c: 3 }, { b: 2 }])).toThrow(
      'Row 2 lacks the inputs a, c;',
    );
  });

  it('in words that fit one and several', () => {
    expect(() => rowsToInputs([input('x', [1])], [{ x: 1 }, { x: 2 }])).toThrow('exactly 1 row, not 2');
    expect(() => rowsToInputs([input('x', [-1, 2])], [{ x: [1, 2, 3] }])).toThrow(
      'Row 1, x: shape [3] where the model takes [2].',
    );
  });

  it('but not for what the server takes: digits beyond 2^53 for every number, NaN and infinities by name', () => {
    const row = { x: 9007199254740993n };
    for (const datatype of ['INT64', 'FP64'] as const) {
      expect(rowsToInputs([{ name: 'x', datatype, shape: [-1] }], [row])[0]?.data).toEqual([row.x]);
    }
    expect(rowsToInputs([input('x', [-1, 3])], [{ x: ['NaN', '-Infinity', null] }])).toHaveLength(1);
  });

  it('whose names only look like inputs: inherited properties are none', () => {
    expect(() => rowsToInputs([input('toString', [-1])], [{ x: 1 }])).toThrow('"x"');
    expect(rowsToInputs([input('toString', [-1])], [{}])).toEqual([]);
  });
});
