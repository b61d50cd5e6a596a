import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Engine, type EngineOptions } from '../../../../core/engine/engine.ts';
import type { EngineEvent } from '../../../../core/engine/engine-event.ts';
import { SteadyRegistry } from '../../../../core/engine/steady-registry.ts';
import type { ModelVersion } from '../../../../core/registry/model-version.ts';
import type { RegistryReader } from '../../../../core/registry/registry-reader.ts';
import { storeWith, versionOf } from '../../../support/models/model-versions.ts';

const FILES = ['identity_fp32', 'identity_fp64', 'identity_int32'];

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'swap-limit-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Versions 1 to 3 of one model, with other bytes each. */
const [v1, v2, v3] = FILES.map((file, index) => ({
  ...versionOf(file),
  model: 'credit',
  version: String(index + 1),
})) as [ModelVersion, ModelVersion, ModelVersion];

function serving(options: Partial<EngineOptions> = {}) {
  const events: EngineEvent[] = [];
  const engine = new Engine({
    artifacts: storeWith(...FILES, 'add_sub'),
    directory,
    maxBytes: 1_000_000,
    onEvent: (event) => events.push(event),
    ...options,
  });
  let champion = v1;
  const source: RegistryReader = {
    ping: async () => {},
    modelNames: async () => ['credit'],
    model: async () => ({ name: 'credit', createdAt: '', versions: [v1, v2, v3], aliases: {} }),
    resolve: async (_, asked) => [v1, v2, v3].find(({ version }) => version === asked) ?? champion,
  };
  const registry = new SteadyRegistry(source, engine);
  return {
    engine,
    events,
    limits: () => events.filter(({ type }) => type === 'swap-limit-reached'),
    promote: (version: ModelVersion) => {
      champion = version;
    },
    ask: async (alias?: string) => {
      const version = await registry.resolve('credit', alias);
      await engine.load(version);
      return version.version;
    },
  };
}

describe('a process that has opened as many sessions as it should', () => {
  it('answers an alias with the version that it holds, and tells it each time', async () => {
    const { ask, promote, limits } = serving({ maxOpened: 2 });
    expect(await ask()).toBe('1');
    promote(v2);
    expect(await ask('champion')).toBe('2');
    expect(limits()).toEqual([]);
    promote(v3);
    expect(await ask()).toBe('2');
    expect(await ask('champion')).toBe('2');
    const told = { type: 'swap-limit-reached', model: 'credit', version: '3', instead: '2', opened: 2 };
    expect(limits()).toEqual([told, told]);
  });

  it('still goes back to a version that is open', async () => {
    const { ask, promote, limits } = serving({ maxOpened: 2 });
    await ask();
    promote(v2);
    await ask();
    promote(v1);
    expect(await ask()).toBe('1');
    expect(limits()).toEqual([]);
  });

  it('never replaces a version that is asked for by its number: it is opened all the same', async () => {
    const { ask, limits } = serving({ maxOpened: 1 });
    await ask();
    expect(await ask('3')).toBe('3');
    expect(limits()).toMatchObject([{ version: '3', instead: undefined, opened: 1 }]);
  });

  it('opens a model of which it holds nothing', async () => {
    const { engine, ask, events } = serving({ maxOpened: 1 });
    await engine.load(versionOf('add_sub'));
    expect(await ask()).toBe('1');
    expect(events.at(-1)).toMatchObject({ type: 'session-loaded', digest: v1.artifact.digest });
  });

  it('has no version to answer with once that was closed', async () => {
    const { engine, ask, promote } = serving({ maxOpened: 1 });
    await ask();
    await engine.forget(v1);
    promote(v2);
    expect(await ask()).toBe('2');
  });

  it('is one that opened a session for each 4 MB of its memory', async () => {
    const { engine, ask, promote, limits } = serving({ memoryMegabytes: 256 });
    for (let opened = 1; opened < 256 / 4; opened++) {
      await ask();
      await engine.forget(v1);
    }
    promote(v2);
    await ask();
    promote(v3);
    expect(await ask()).toBe('2');
    expect(limits()).toHaveLength(1);
  });
});

describe('a pinned model', () => {
  it('keeps its version and the one before, while others go', async () => {
    const other = versionOf('add_sub');
    const another = { ...v3, model: 'another' };
    const maxBytes = [v1, v2, other].reduce((sum, { artifact }) => sum + artifact.size, 0);
    const { engine, ask, promote, events } = serving({ pinned: ['credit'], maxBytes });
    await ask();
    promote(v2);
    await ask();
    await engine.load(other);
    await engine.load(another);
    const evicted = events.flatMap((event) => (event.type === 'session-evicted' ? [event.digest] : []));
    expect(evicted).toEqual([other.artifact.digest]);
  });
});
