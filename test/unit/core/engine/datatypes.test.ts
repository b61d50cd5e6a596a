import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../../core/engine/engine.ts';
import { DATATYPES, type Datatype, type Tensor, type TensorData } from '../../../../core/tensor/tensor.ts';
import { storeWith, versionOf } from '../../../support/models/model-versions.ts';

const directory = mkdtempSync(join(tmpdir(), 'engine-datatypes-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const fileOf = (datatype: Datatype) => `identity_${datatype.toLowerCase()}`;
const engine = new Engine({
  artifacts: storeWith(...DATATYPES.map(fileOf), 'scalar'),
  directory,
  memoryMegabytes: 1769,
  maxBytes: 1_000_000,
});

async function echo(name: string, x: Tensor): Promise<Tensor | undefined> {
  return (await engine.run(versionOf(name), new Map([['x', x]]), ['y'])).get('y');
}

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
  BYTES: (size) => fc.array(textWithoutNul(), size),
};

function textWithoutNul(): fc.Arbitrary<string> {
  return fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''));
}

function tensorOf(datatype: Datatype): fc.Arbitrary<Tensor> {
  return fc.tuple(fc.nat(3), fc.nat(3)).chain(([n, m]) => {
    const data = DATA[datatype]({ minLength: n * m, maxLength: n * m });
    return data.map((values): Tensor => ({ datatype, shape: [n, m], data: values }));
  });
}

describe.each(DATATYPES)('%s', (datatype) => {
  it('passes through the runtime bit by bit, for every value and shape', async () => {
    await fc.assert(
      fc.asyncProperty(tensorOf(datatype), async (x) => {
        expect(await echo(fileOf(datatype), x)).toEqual(x);
      }),
      { numRuns: 50 },
    );
  });
});

it('carries a scalar', async () => {
  const x: Tensor = { datatype: 'FP32', shape: [], data: Float32Array.of(2.5) };
  expect(await echo('scalar', x)).toEqual(x);
});

it('carries a view into a larger buffer, at its own place', async () => {
  for (const datatype of ['FP32', 'FP16'] as const) {
    const whole = datatype === 'FP32' ? Float32Array.of(9, 1, 2, 9) : Uint16Array.of(9, 1, 2, 9);
    const y = await echo(fileOf(datatype), { datatype, shape: [1, 2], data: whole.subarray(1, 3) });
    expect(y?.data).toEqual(whole.slice(1, 3));
  }
});

it.each(DATATYPES)('refuses %s data that does not fill its shape', async (datatype) => {
  const [data] = fc.sample(DATA[datatype]({ minLength: 3, maxLength: 3 }), 1) as [TensorData];
  await expect(echo(fileOf(datatype), { datatype, shape: [2, 2], data })).rejects.toMatchObject({
    code: 'INFERENCE_FAILED',
  });
});
