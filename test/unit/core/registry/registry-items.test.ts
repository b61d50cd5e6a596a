import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelVersion } from '../../../../core/registry/model-version.ts';
import { isAlias } from '../../../../core/registry/names.ts';
import { aliasMoved } from '../../../../core/registry/registry-events.ts';
import {
  aliasItem,
  aliasKey,
  aliasLogItem,
  assertDescriptionFits,
  firstModelItem,
  pointerKey,
  toModelVersion,
  toRegisteredModel,
  versionItem,
  versionKey,
} from '../../../../core/registry/registry-items.ts';

const CREATED = '2026-11-24T10:00:00.000Z';
const numbers = fc.integer({ min: 1, max: 9_999_999_999 });
const aliases = fc.stringMatching(/^[\w-]{1,20}$/).filter(isAlias);

function versionOf(model: string, number: number): ModelVersion {
  return {
    model,
    version: String(number),
    status: 'READY',
    artifact: { digest: 'ab'.repeat(32), size: 123 },
    description: {
      irVersion: 9,
      opsets: { 'ai.onnx': 21 },
      producer: 'test',
      operators: ['Identity'],
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 4] }],
    },
    createdAt: CREATED,
  };
}

function bySortKey(a: { sk: string }, b: { sk: string }): number {
  return a.sk < b.sk ? -1 : 1;
}

describe('keys', () => {
  it('of versions sort as their numbers', () => {
    fc.assert(
      fc.property(numbers, numbers, (one, other) => {
        fc.pre(one < other);
        expect(versionKey('m', String(one)).sk < versionKey('m', String(other)).sk).toBe(true);
      }),
    );
  });

  it('of different items never clash, whatever the names', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), aliases, numbers, (name, id, alias, number) => {
        const keys = [
          pointerKey(name),
          firstModelItem(name, id, CREATED),
          aliasKey(id, alias),
          versionKey(id, String(number)),
        ].map(({ pk, sk }) => JSON.stringify([pk, sk]));
        expect(new Set(keys).size).toBe(4);
      }),
    );
  });
});

describe('a version', () => {
  it('comes back from its item', () => {
    fc.assert(
      fc.property(numbers, (number) => {
        const version = versionOf('credit', number);
        expect(toModelVersion('credit', versionItem('id', version))).toEqual(version);
      }),
    );
  });

  it('whose description is too large for one item is refused', () => {
    const { description } = versionOf('credit', 1);
    const wide = {
      ...description,
      inputs: Array.from({ length: 5000 }, (_, index) => ({
        name: `feature_with_a_rather_long_name_${index}`,
        datatype: 'FP32' as const,
        shape: [-1, 1],
      })),
    };
    expect(() => assertDescriptionFits(description)).not.toThrow();
    const refusal = expect.objectContaining({ code: 'DESCRIPTION_TOO_LARGE', statusCode: 400 });
    expect(() => assertDescriptionFits(wide)).toThrow(refusal);
    expect(() => versionItem('id', { ...versionOf('credit', 1), description: wide })).toThrow(refusal);
  });
});

describe('a model', () => {
  it('comes back from the items of its partition, versions ascending', () => {
    fc.assert(
      fc.property(fc.uniqueArray(numbers), fc.dictionary(aliases, numbers), (versions, targets) => {
        const items = [
          firstModelItem('credit', 'id', CREATED),
          ...versions.map((number) => versionItem('id', versionOf('credit', number))),
          ...Object.entries(targets).map(([alias, to]) =>
            aliasItem('id', { model: 'credit', alias, to: String(to) }, CREATED),
          ),
        ].sort(bySortKey);

        const model = toRegisteredModel('credit', items);

        expect(model?.versions.map(({ version }) => Number(version))).toEqual(
          versions.toSorted((a, b) => a - b),
        );
        expect(new Map(Object.entries(model?.aliases ?? {}))).toEqual(
          new Map(Object.entries(targets).map(([alias, to]) => [alias, String(to)])),
        );
      }),
    );
  });

  it('is not there without its own item', () => {
    expect(toRegisteredModel('credit', [versionItem('id', versionOf('credit', 1))])).toBeUndefined();
  });
});

describe('the log of an alias', () => {
  it('says from where to where, by whom and when, and stands outside of the model partition', () => {
    const move = { model: 'credit', alias: 'champion', from: '1', to: '2' };
    const event = aliasMoved({ id: 'e1', time: CREATED, actor: 'ann' }, move);
    expect(aliasLogItem('id', move, event)).toEqual({
      pk: 'LOG#id',
      sk: `champion#${CREATED}#e1`,
      from: 1,
      to: 2,
      actor: 'ann',
    });
  });
});
