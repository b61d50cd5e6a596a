import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelVersion } from '../../../../core/registry/model-version.ts';
import { isAlias } from '../../../../core/registry/names.ts';
import { registryEvent } from '../../../../core/registry/registry-events.ts';
import {
  aliasItem,
  aliasLogItem,
  assertDescriptionFits,
  detailsItem,
  modelItem,
  toModelRecord,
  toModelVersion,
  toVersionRecord,
  versionItem,
} from '../../../../core/registry/registry-items.ts';
import {
  aliasKey,
  detailsKey,
  modelKey,
  pointerKey,
  tagKey,
  versionKey,
} from '../../../../core/registry/registry-keys.ts';
import type { VersionRecord } from '../../../../core/registry/registry-records.ts';

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

const outlineOf = (name: string, id: string) => ({
  id,
  name,
  tags: {},
  createdAt: CREATED,
  lastUpdatedAt: CREATED,
});

function recordOf(model: string, number: number): VersionRecord {
  const { description: _description, ...summary } = versionOf(model, number);
  return {
    ...summary,
    modelId: 'id',
    stage: 'Staging',
    source: 's3://bucket/model',
    notes: 'for tests',
    tags: { team: 'risk', card: 5000 },
    lastUpdatedAt: CREATED,
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
      fc.property(fc.string(), fc.string(), aliases, numbers, fc.string(), (name, id, alias, number, tag) => {
        const version = String(number);
        const keys = [
          pointerKey(name),
          modelKey(id),
          aliasKey(id, alias),
          versionKey(id, version),
          detailsKey(id, version),
          tagKey(id, undefined, tag),
          tagKey(id, version, tag),
        ].map(({ pk, sk }) => JSON.stringify([pk, sk]));
        expect(new Set(keys).size).toBe(7);
      }),
    );
  });
});

describe('a version', () => {
  it('comes back from its items', () => {
    fc.assert(
      fc.property(numbers, (number) => {
        const record = recordOf('credit', number);
        const version = versionOf('credit', number);
        const item = versionItem(record);
        expect(toVersionRecord('credit', 'id', item)).toEqual(record);
        expect(toModelVersion('credit', item, detailsItem('id', version))).toEqual(version);
      }),
    );
  });

  it('of several files keeps them beside its item, which every read of the model returns', () => {
    const files = [{ name: 'model.onnx', digest: 'cd'.repeat(32), size: 123 }];
    const version = { ...versionOf('credit', 1), artifact: { digest: 'ab'.repeat(32), size: 123, files } };
    const item = versionItem({ ...recordOf('credit', 1), artifact: version.artifact });
    expect(JSON.stringify(item)).not.toContain('model.onnx');
    expect(toModelVersion('credit', item, detailsItem('id', version))).toEqual(version);
  });

  it('that was not admitted, or is a text, is nothing to serve', () => {
    const { artifact: _artifact, ...pending } = recordOf('credit', 1);
    expect(toModelVersion('credit', versionItem(pending), undefined)).toBeUndefined();
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
    expect(() => detailsItem('id', { ...versionOf('credit', 1), description: wide })).toThrow(refusal);
  });
});

describe('a model', () => {
  it('comes back from the items of its partition, versions ascending', () => {
    fc.assert(
      fc.property(fc.uniqueArray(numbers), fc.dictionary(aliases, numbers), (versions, targets) => {
        const items = [
          modelItem(outlineOf('credit', 'id')),
          ...versions.map((number) => versionItem(recordOf('credit', number))),
          ...Object.entries(targets).map(([alias, to]) =>
            aliasItem('id', { model: 'credit', alias, to: String(to) }, CREATED),
          ),
        ].sort(bySortKey);

        const model = toModelRecord(items);

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
    expect(toModelRecord([versionItem(recordOf('credit', 1))])).toBeUndefined();
  });
});

describe('the log of an alias', () => {
  it('says from where to where, by whom and when, and stands outside of the model partition', () => {
    const move = { model: 'credit', alias: 'champion', from: '1', to: '2' };
    const event = registryEvent('alias-moved', { id: 'e1', time: CREATED, actor: 'ann' }, move);
    expect(aliasLogItem('id', move, event)).toEqual({
      pk: 'LOG#id',
      sk: `champion#${CREATED}#e1`,
      from: 1,
      to: 2,
      actor: 'ann',
    });
  });
});
