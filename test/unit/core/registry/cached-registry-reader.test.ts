import { beforeEach, describe, expect, it } from 'vitest';
import { NotFoundError, UnavailableError } from '../../../../core/errors.ts';
import { CachedRegistryReader } from '../../../../core/registry/cached-registry-reader.ts';
import type { ModelVersion, RegisteredModel } from '../../../../core/registry/model-version.ts';
import { isVersionNumber } from '../../../../core/registry/names.ts';
import type { RegistryReader } from '../../../../core/registry/registry-reader.ts';

/** A registry of one model in memory, which counts its reads and can be slow or broken. */
class Registry implements RegistryReader {
  champion = '1';
  reads = 0;
  failure: Error | undefined;
  /** Runs before a read answers. */
  delay: () => Promise<void> = async () => undefined;

  async ping(): Promise<void> {
    await this.#read();
  }

  async modelNames(): Promise<string[]> {
    await this.#read();
    return ['credit'];
  }

  async model(name: string): Promise<RegisteredModel> {
    await this.#read();
    return { name, createdAt: '', versions: [], aliases: { champion: this.champion } };
  }

  async resolve(model: string, wanted = 'champion'): Promise<ModelVersion> {
    const version = isVersionNumber(wanted) ? wanted : this.champion;
    await this.#read();
    return {
      model,
      version,
      status: 'READY',
      artifact: { digest: '', size: 0 },
      description: { irVersion: 9, opsets: {}, producer: '', operators: [], inputs: [], outputs: [] },
      createdAt: '',
    };
  }

  async #read(): Promise<void> {
    this.reads++;
    await this.delay();
    if (this.failure !== undefined) {
      throw this.failure;
    }
  }
}

const MAX_AGE = 1000;

let registry: Registry;
let time: number;
let cached: CachedRegistryReader;

beforeEach(() => {
  registry = new Registry();
  time = 0;
  cached = new CachedRegistryReader(registry, { maxAgeMs: MAX_AGE, now: () => time });
});

/** How many reads reach the registry while the calls are made. */
async function readsOf(calls: () => Promise<unknown>): Promise<number> {
  const before = registry.reads;
  await calls();
  return registry.reads - before;
}

describe('an alias', () => {
  it.each([undefined, 'champion'])(
    '(%s) is read once while it is younger than the maximum age',
    async (alias) => {
      await cached.resolve('credit', alias);
      registry.champion = '2';
      time = MAX_AGE - 1;
      expect(await readsOf(() => cached.resolve('credit', alias))).toBe(0);
      expect((await cached.resolve('credit', alias)).version).toBe('1');
    },
  );

  it('that moved is seen as soon as it has the maximum age', async () => {
    await cached.resolve('credit');
    registry.champion = '2';
    time = MAX_AGE;
    expect((await cached.resolve('credit')).version).toBe('2');
  });

  it('ages from before it was read, since it may move while the answer is under way', async () => {
    registry.delay = async () => {
      time += 600;
    };
    await cached.resolve('credit');
    time += 400;
    expect(await readsOf(() => cached.resolve('credit'))).toBe(1);
  });

  it('is read every time when the maximum age is 0', async () => {
    cached = new CachedRegistryReader(registry, { maxAgeMs: 0, now: () => time });
    await cached.resolve('credit');
    expect(await readsOf(() => cached.resolve('credit'))).toBe(1);
  });
});

describe('a version by number', () => {
  it('is read again when it is old: the name may be that of another model by then', async () => {
    await cached.resolve('credit', '7');
    time = MAX_AGE - 1;
    expect(await readsOf(() => cached.resolve('credit', '7'))).toBe(0);
    time = MAX_AGE;
    expect(await readsOf(() => cached.resolve('credit', '7'))).toBe(1);
  });

  it('is not taken for the same number of another model', async () => {
    await cached.resolve('credit', '7');
    expect((await cached.resolve('fraud', '7')).model).toBe('fraud');
  });

  it('is forgotten when more are used than there is room for', async () => {
    cached = new CachedRegistryReader(registry, { maxAgeMs: MAX_AGE, now: () => time, capacity: 2 });
    for (const version of ['1', '2', '3']) {
      await cached.resolve('credit', version);
    }
    expect(await readsOf(() => cached.resolve('credit', '3'))).toBe(0);
    expect(await readsOf(() => cached.resolve('credit', '1'))).toBe(1);
  });
});

describe('requests at once', () => {
  it('for the same thing share one read', async () => {
    const calls = [
      () => cached.resolve('credit'),
      () => cached.resolve('credit', '7'),
      () => cached.model('credit'),
      () => cached.modelNames(),
      () => cached.ping(),
    ];
    for (const call of calls) {
      expect(await readsOf(() => Promise.all([call(), call(), call()]))).toBe(1);
    }
  });

  it('for different things do not', async () => {
    const both = () => Promise.all([cached.resolve('credit', '1'), cached.resolve('credit', '2')]);
    expect(await readsOf(both)).toBe(2);
    expect((await both()).map(({ version }) => version)).toEqual(['1', '2']);
  });
});

describe('a failure', () => {
  it.each([
    new NotFoundError('VERSION_NOT_FOUND', 'not there yet'),
    new UnavailableError('MODEL_NOT_READY', 'not ready yet'),
    new UnavailableError('REGISTRY_UNAVAILABLE', 'down'),
  ])('($code) reaches everyone who waits and is not kept', async (failure) => {
    registry.failure = failure;
    const answers = await Promise.allSettled([cached.resolve('credit'), cached.resolve('credit')]);
    expect(answers.map((answer) => answer.status === 'rejected' && answer.reason)).toEqual([
      failure,
      failure,
    ]);

    registry.failure = undefined;
    expect((await cached.resolve('credit')).version).toBe('1');
  });

  it('after the maximum age is not hidden by the old answer', async () => {
    await cached.resolve('credit');
    time = MAX_AGE;
    registry.failure = new UnavailableError('REGISTRY_UNAVAILABLE', 'down');
    await expect(cached.resolve('credit')).rejects.toBe(registry.failure);
  });
});

describe('models and their names', () => {
  it('are read every time: who has just registered one finds it', async () => {
    await cached.model('credit');
    await cached.modelNames();
    await cached.ping();
    expect(await readsOf(() => cached.model('credit'))).toBe(1);
    expect(await readsOf(() => cached.modelNames())).toBe(1);
    expect(await readsOf(() => cached.ping())).toBe(1);
  });
});
