import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RegistryTable } from '../../../aws/registry-table.ts';
import { aliasesAt, versionBefore } from '../../../core/registry/alias-history.ts';
import { DynamoDbInMemory } from '../../support/dynamodb-in-memory.ts';

const START = Date.UTC(2026, 2, 3, 12);
const artifact = { digest: '1'.repeat(64), size: 10 };
const description = { irVersion: 9, opsets: {}, producer: '', operators: [], inputs: [], outputs: [] };

/** A registry on a clock that the test sets; ids sort in no particular order, as random ones do. */
function registryAt(ids: () => string = () => crypto.randomUUID()) {
  const dynamo = new DynamoDbInMemory();
  let milliseconds = 0;
  const now = () => new Date(START + milliseconds);
  const registry = new RegistryTable(dynamo.client, 'registry', { now, newId: ids });
  return {
    registry,
    dynamo,
    set: (time: number) => {
      milliseconds = time;
    },
    time: () => now().toISOString(),
    register: (model: string, alias?: string) =>
      registry.registerVersion({ model, artifact, description, alias }),
  };
}

const versionsOf = (aliases: ReturnType<typeof aliasesAt>) =>
  Object.fromEntries(Object.entries(aliases).map(([alias, { version }]) => [alias, version]));

describe('the log of aliases', () => {
  it('says from where to where each was moved, by whom, why and on what evidence', async () => {
    const { registry, set, time, register } = registryAt();
    await register('credit', 'champion');
    await register('credit');
    set(1000);
    const evidence = { gate: { f1: { measured: 0.91, least: 0.85 } } };
    await registry.setAlias({
      model: 'credit',
      alias: 'champion',
      version: '2',
      actor: 'ada',
      reason: 'better on last month',
      evidence,
    });
    const { entries, createdAt } = await registry.aliasLog('credit');
    expect(createdAt).toBe(new Date(START).toISOString());
    expect(entries).toEqual([
      { id: expect.any(String), alias: 'champion', time: createdAt, to: '1' },
      {
        id: expect.any(String),
        alias: 'champion',
        time: time(),
        from: '1',
        to: '2',
        actor: 'ada',
        reason: 'better on last month',
        evidence,
      },
    ]);
  });

  it('says that an alias was deleted, and that it went with its version', async () => {
    const { registry, set, register } = registryAt();
    await register('credit', 'champion');
    await register('credit', 'challenger');
    set(1);
    await registry.deleteAlias({ model: 'credit', alias: 'champion', actor: 'ada', reason: 'withdrawn' });
    set(2);
    await registry.deleteVersion({ model: 'credit', version: '2' });
    const { entries } = await registry.aliasLog('credit');
    expect(entries.slice(2)).toMatchObject([
      { alias: 'champion', from: '1', actor: 'ada', reason: 'withdrawn' },
      { alias: 'challenger', from: '2', reason: 'Version 2 was deleted.' },
    ]);
    for (const entry of entries.slice(2)) expect(entry.to).toBeUndefined();
  });

  it('is of one alias when one is asked for, not of those that begin alike', async () => {
    const { registry, register } = registryAt();
    await register('credit', 'champion');
    await register('credit', 'champion-eu');
    expect((await registry.aliasLog('credit', 'champion')).entries).toMatchObject([{ alias: 'champion' }]);
  });

  it('follows the model through renames, and is not that of a model of the same name that was deleted', async () => {
    const { registry, register } = registryAt();
    await register('credit', 'champion');
    await registry.renameModel({ model: 'credit', newName: 'credit-risk' });
    expect((await registry.aliasLog('credit-risk')).entries).toHaveLength(1);
    await registry.deleteModel({ model: 'credit-risk' });
    await expect(registry.aliasLog('credit-risk')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await register('credit-risk');
    expect((await registry.aliasLog('credit-risk')).entries).toEqual([]);
  });

  it.each([
    ['reason', { reason: '  ' }, 'INVALID_REASON'],
    ['reason', { reason: 'x'.repeat(2001) }, 'INVALID_REASON'],
    ['evidence', { evidence: { text: 'x'.repeat(70_000) } }, 'INVALID_EVIDENCE'],
  ])('takes no %s that says nothing or too much', async (_what, why, code) => {
    const { registry, register, dynamo } = registryAt();
    await register('credit');
    const before = dynamo.items;
    const change = { model: 'credit', alias: 'champion', version: '1', ...why };
    await expect(registry.setAlias(change)).rejects.toMatchObject({ code, statusCode: 400 });
    expect(dynamo.items).toEqual(before);
  });

  it('is not added to by a move that another one was faster than', async () => {
    const { registry, dynamo, register } = registryAt();
    for (let number = 1; number <= 3; number++) await register('credit', 'champion');
    dynamo.beforeWrite = async () => {
      dynamo.beforeWrite = async () => undefined;
      await registry.setAlias({ model: 'credit', alias: 'champion', version: '2' });
    };
    const back = { model: 'credit', alias: 'champion', version: '1', replaces: '3' };
    await expect(registry.setAlias(back)).rejects.toMatchObject({ code: 'ALIAS_MOVED', statusCode: 409 });
    expect((await registry.aliasLog('credit')).entries.at(-1)).toMatchObject({ from: '3', to: '2' });
  });

  it('never goes back in time, though the clock of a writer does', async () => {
    const { registry, set, register } = registryAt();
    await register('credit');
    await register('credit');
    const changes = [
      [5000, () => registry.setAlias({ model: 'credit', alias: 'champion', version: '1' })],
      [3000, () => registry.setAlias({ model: 'credit', alias: 'champion', version: '2' })],
      [1000, () => registry.deleteAlias({ model: 'credit', alias: 'champion' })],
      [2000, () => register('credit', 'champion')],
    ] as const;
    for (const [time, change] of changes) {
      set(time);
      await change();
    }
    const { entries } = await registry.aliasLog('credit');
    expect(entries.map(({ from, to }) => [from, to])).toEqual([
      [undefined, '1'],
      ['1', '2'],
      ['2', undefined],
      [undefined, '3'],
    ]);
    expect(versionBefore(entries.slice(0, 2), 'champion')).toBe('1');
  });
});

/** What happens to one of three aliases, some time after what happened before: often at the same time, seldom before it. */
const step = fc.record({
  alias: fc.constantFrom('champion', 'challenger', 'shadow'),
  action: fc.constantFrom('1', '2', '3', 'delete', 'delete', 'register'),
  wait: fc.constantFrom(0, 0, 0, 1, 2, -2),
  id: fc.uuid(),
});

describe('replaying the log to any time', () => {
  it('gives the aliases that the registry had then', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, backwards) => {
        const { registry, set, register } = registryAt();
        for (let number = 1; number <= 3; number++) await register('credit');
        const snapshots = new Map<string, Record<string, string>>();
        let milliseconds = 0;
        for (const { alias, action, wait } of steps) {
          milliseconds += backwards ? wait : Math.abs(wait);
          set(milliseconds);
          if (action === 'delete') await registry.deleteAlias({ model: 'credit', alias });
          else if (action === 'register') await register('credit', alias);
          else await registry.setAlias({ model: 'credit', alias, version: action });
          const { aliases } = await registry.model('credit');
          snapshots.set(new Date(START + milliseconds).toISOString(), { ...aliases });
        }
        const { entries } = await registry.aliasLog('credit');
        const { aliases } = await registry.model('credit');
        expect(versionsOf(aliasesAt(entries, '9999'))).toEqual(aliases);
        // Where clocks disagree, only the end is certain: what a time in between means depends on whose clock it is.
        if (backwards) return;
        for (const [time, then] of snapshots) expect(versionsOf(aliasesAt(entries, time))).toEqual(then);
      }),
      { numRuns: 150 },
    );
  });
});
