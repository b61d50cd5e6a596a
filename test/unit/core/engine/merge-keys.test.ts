import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Kind, kindOf } from '../../../../core/engine/merge.ts';
import { MergeKeys } from '../../../../core/engine/merge-keys.ts';
import type { ModelVersion } from '../../../../core/registry/model-version.ts';

const tensor = fc.record({
  datatype: fc.constantFrom('FP32' as const, 'INT64' as const),
  shape: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 3 }),
});
const kind: fc.Arbitrary<Kind> = fc
  .uniqueArray(fc.tuple(fc.constantFrom('a', 'b'), tensor), { selector: ([name]) => name, maxLength: 2 })
  .map((entries) => new Map(entries));
const version = fc.constantFrom(
  ...['1', '2'].map((number) => ({ model: 'm', version: number, artifact: { digest: 'd' } }) as ModelVersion),
);
const asked = fc.tuple(version, kind, fc.subarray(['y', 'z']));

it('names requests alike exactly where version, outputs and kind are the same, whatever was named before', () => {
  fc.assert(
    fc.property(fc.array(asked, { minLength: 2, maxLength: 8 }), (requests) => {
      const keys = new MergeKeys();
      const named = requests.map(([of, inputs, outputs]) => ({
        key: keys.of(of, inputs, outputs),
        all: JSON.stringify([of.version, outputs, kindOf(inputs)]),
      }));
      for (const one of named) {
        for (const other of named) expect(one.key === other.key).toBe(one.all === other.all);
      }
    }),
  );
});
