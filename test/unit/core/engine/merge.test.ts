import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../../core/engine/engine.ts';
import {
  canMerge,
  kindOf,
  mergeInputs,
  rowsOf,
  splitOutputs,
  UnsplittableError,
} from '../../../../core/engine/merge.ts';
import { DATATYPES, type Datatype, type Tensor, type TensorData } from '../../../../core/tensor/tensor.ts';
import { storeWith, versionOf } from '../../../support/models/model-versions.ts';

const directory = mkdtempSync(join(tmpdir(), 'merge-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const identity = (datatype: Datatype) => `identity_${datatype.toLowerCase()}`;
const engine = new Engine({
  artifacts: storeWith(...DATATYPES.map(identity)),
  directory,
  threads: 1,
  maxBytes: 1_000_000,
});

type Size = { minLength: number; maxLength: number };
const DATA: Readonly<Record<Datatype, (size: Size) => fc.Arbitrary<TensorData>>> = {
  BOOL: (size) => fc.uint8Array({ ...size, max: 1 }),
  UINT8: fc.uint8Array,
  UINT16: fc.uint16Array,
  UINT32: fc.uint32Array,
  UINT64: fc.bigUint64Array,
  INT8: fc.int8Array,
  INT16: fc.int16Array,
  INT32: fc.int32Array,
  INT64: fc.bigInt64Array,
  FP16: fc.uint16Array,
  FP32: fc.float32Array,
  FP64: fc.float64Array,
  BYTES: (size) => fc.array(fc.string(), size),
};

/** Several requests of one kind: the same width, each with its own number of rows. */
function requestsOf(datatype: Datatype): fc.Arbitrary<Map<string, Tensor>[]> {
  const request = (width: number) =>
    fc.integer({ min: 1, max: 4 }).chain((rows) => {
      const size = { minLength: rows * width, maxLength: rows * width };
      return DATA[datatype](size).map(
        (data) => new Map<string, Tensor>([['x', { datatype, shape: [rows, width], data }]]),
      );
    });
  return fc.nat(3).chain((width) => fc.array(request(width), { minLength: 1, maxLength: 5 }));
}

describe.each(DATATYPES)('%s', (datatype) => {
  it('comes out of a merged run as it does of separate ones', async () => {
    const run = (inputs: ReadonlyMap<string, Tensor>) =>
      engine.run(versionOf(identity(datatype)), inputs, ['y']);
    await fc.assert(
      fc.asyncProperty(requestsOf(datatype), async (requests) => {
        const separate: Map<string, Tensor>[] = [];
        for (const inputs of requests) separate.push(await run(inputs));
        const rows = requests.map((inputs) => rowsOf(inputs) ?? -1);
        expect(splitOutputs(await run(mergeInputs(requests)), rows)).toEqual(separate);
      }),
      { numRuns: 30 },
    );
  });

  it('is split back into what was merged, and the merge shares no memory with it', () => {
    fc.assert(
      fc.property(requestsOf(datatype), (requests) => {
        const merged = mergeInputs(requests);
        const rows = requests.map((inputs) => rowsOf(inputs) ?? -1);
        expect(splitOutputs(merged, rows)).toEqual(requests);
        const [first] = requests;
        expect(merged.get('x')?.data).not.toBe(first?.get('x')?.data);
      }),
    );
  });
});

const floats = (...shape: number[]): Tensor => ({
  datatype: 'FP32',
  shape,
  data: new Float32Array(shape.reduce((product, length) => product * length, 1)),
});

describe('a model', () => {
  const spec = (...shape: number[]) => ({ name: 'x', datatype: 'FP32' as const, shape });

  it.each([
    ['rows in, rows out', true, [spec(-1, 4)], [spec(-1)]],
    ['a fixed batch dimension', false, [spec(1, 4)], [spec(-1, 2)]],
    ['a scalar beside the rows', false, [spec(-1, 4), spec()], [spec(-1)]],
    ['a state whose first axis is something else', false, [spec(-1, 4), spec(2, -1, 128)], [spec(-1)]],
    ['one result for all rows', false, [spec(-1, 4)], [spec(1)]],
    ['a scalar result', false, [spec(-1, 4)], [spec()]],
    ['no inputs', false, [], [spec(-1)]],
  ])('with %s: can be merged is %s', (_what, expected, inputs, outputs) => {
    expect(canMerge({ inputs, outputs })).toBe(expected);
  });

  it('may have inputs with a default of any shape: nobody sends them', () => {
    const inputs = [spec(-1, 4), { ...spec(), optional: true }];
    expect(canMerge({ inputs, outputs: [spec(-1)] })).toBe(true);
  });
});

describe('requests', () => {
  it('have rows where all inputs agree', () => {
    expect(
      rowsOf(
        new Map([
          ['a', floats(3, 2)],
          ['b', floats(3)],
        ]),
      ),
    ).toBe(3);
    expect(
      rowsOf(
        new Map([
          ['a', floats(3, 2)],
          ['b', floats(2)],
        ]),
      ),
    ).toBeUndefined();
  });

  it('are of one kind whatever the order of their inputs and the number of their rows', () => {
    const one = new Map([
      ['a', floats(3, 2)],
      ['b', floats(3)],
    ]);
    const other = new Map([
      ['b', floats(1)],
      ['a', floats(1, 2)],
    ]);
    expect(kindOf(one)).toBe(kindOf(other));
  });

  it.each([
    ['width', new Map([['a', floats(1, 3)]])],
    ['rank', new Map([['a', floats(1, 2, 1)]])],
    ['name', new Map([['b', floats(1, 2)]])],
    ['datatype', new Map([['a', { ...floats(1, 2), datatype: 'INT32', data: new Int32Array(2) } as Tensor]])],
    [
      'number of inputs',
      new Map([
        ['a', floats(1, 2)],
        ['b', floats(1, 2)],
      ]),
    ],
  ])('of another %s are of another kind', (_what, inputs) => {
    expect(kindOf(inputs)).not.toBe(kindOf(new Map([['a', floats(1, 2)]])));
  });

  it('cannot be told apart in a name that imitates the form of a kind', () => {
    const two = new Map([
      ['a', floats(1)],
      ['b', floats(1)],
    ]);
    const one = new Map([['a" FP32 \n"b', floats(1)]]);
    expect(kindOf(one)).not.toBe(kindOf(two));
  });
});

it('refuses to split results whose rows are not those that went in', () => {
  expect(() => splitOutputs(new Map([['y', floats(5, 2)]]), [1, 3])).toThrow(UnsplittableError);
  expect(() => splitOutputs(new Map([['y', floats()]]), [1])).toThrow(UnsplittableError);
});
