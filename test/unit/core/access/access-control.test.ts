import { beforeEach, describe, expect, it } from 'vitest';
import { AccessControl } from '../../../../core/access/access-control.ts';
import type { AccessRule } from '../../../../core/access/access-document.ts';
import { AccessRefusedError } from '../../../../core/access/access-refused-error.ts';
import type { AccessRevision } from '../../../../core/access/access-revision.ts';
import { AccessRules } from '../../../../core/access/access-rules.ts';
import { CachedAccessRules } from '../../../../core/access/cached-access-rules.ts';
import type { Principal } from '../../../../core/access/principal.ts';
import { UnavailableError } from '../../../../core/errors.ts';
import type { ModelVersion, RegisteredModel } from '../../../../core/registry/model-version.ts';

const revisionOf = (...rules: AccessRule[]): AccessRevision => ({
  revision: 1,
  time: '2026-01-01T00:00:00Z',
  rules: new AccessRules({ version: 1, rules }),
});

/** Where rules are kept. */
class Store {
  revision: AccessRevision | undefined;
  failure: unknown;
  reads = 0;
  /** What happens while an answer is under way. */
  underway = () => {};

  async current() {
    this.reads++;
    const answer = this.revision;
    this.underway();
    if (this.failure !== undefined) throw this.failure;
    return answer;
  }
}

const CALLER: Principal = { id: 'machine-1', scopes: ['infer'] };
const READER: Principal = { id: 'machine-1', scopes: ['registry.read'] };
const ADMIN: Principal = { id: 'machine-1', scopes: ['infer', 'admin'] };

let store: Store;
let control: AccessControl;
beforeEach(() => {
  store = new Store();
  control = new AccessControl(store);
});

const refusalOf = (decision: Promise<unknown>) =>
  decision.then(
    () => undefined,
    (error: unknown) => error as AccessRefusedError,
  );

describe('without rules', () => {
  it.each([new AccessControl(), new AccessControl({ current: async () => undefined })])(
    'scopes alone decide',
    async (scopesOnly) => {
      await expect(scopesOnly.authorise(CALLER, 'infer', { model: 'fraud' })).resolves.toBeUndefined();
      const refused = await refusalOf(scopesOnly.authorise(READER, 'infer', { model: 'fraud' }));
      expect(refused?.refusal).toMatchObject({ reason: 'scope', action: 'infer' });
      expect((await scopesOnly.view(CALLER, 'describe')).sees('fraud')).toBe(true);
    },
  );
});

describe('with rules', () => {
  beforeEach(() => {
    store.revision = revisionOf({
      principals: ['machine-1'],
      actions: ['infer'],
      models: ['fraud'],
      aliases: ['champion'],
    });
  });

  it('a caller does what scope and rule allow together', async () => {
    await expect(control.authorise(CALLER, 'infer', { model: 'fraud' })).resolves.toBeUndefined();
    await expect(control.authorise(CALLER, 'describe', { model: 'fraud' })).resolves.toBeUndefined();
    // The rule is for another scope than the one that the token carries.
    await expect(control.authorise(READER, 'describe', { model: 'fraud' })).rejects.toThrow(
      AccessRefusedError,
    );
  });

  it('a refusal says what was refused and why, in words that tell nothing of what there is', async () => {
    const refused = await refusalOf(
      control.authorise(CALLER, 'infer', { model: 'credit', version: 'candidate' }),
    );
    expect(refused).toMatchObject({ code: 'PERMISSION_DENIED', statusCode: 403 });
    expect(refused?.refusal).toEqual({
      reason: 'rule',
      action: 'infer',
      model: 'credit',
      version: 'candidate',
    });
    expect(refused?.message).toContain('"credit" by "candidate"');
  });

  it('a name that no model can have is shortened for the log', async () => {
    const refused = await refusalOf(control.authorise(CALLER, 'infer', { model: 'x'.repeat(9_000) }));
    expect(refused?.refusal.model).toHaveLength(255);
  });

  it('whoever may use an alias reaches no version by its number', async () => {
    await expect(control.authorise(CALLER, 'infer', { model: 'fraud', version: '1' })).rejects.toThrow(
      AccessRefusedError,
    );
  });

  it('an administrator is not narrowed, and needs no rules to be readable', async () => {
    store.failure = new Error('broken');
    await expect(control.authorise(ADMIN, 'infer', { model: 'credit' })).resolves.toBeUndefined();
    expect((await control.view(ADMIN, 'describe')).sees('credit')).toBe(true);
    expect(store.reads).toBe(0);
  });

  it('nor are they read for what is about no model', async () => {
    await control.authorise(CALLER, 'describe');
    expect(store.reads).toBe(0);
  });

  it.each([
    new Error('no permission to read'),
    new SyntaxError('not JSON'),
    new UnavailableError('REGISTRY_UNAVAILABLE', 'down'),
  ])('that cannot be read (%s) nobody gets in: 503, to be tried again', async (failure) => {
    store.failure = failure;
    const answers = [
      control.authorise(CALLER, 'infer', { model: 'fraud' }),
      control.view(CALLER, 'describe'),
    ];
    for (const answer of answers) {
      await expect(answer).rejects.toMatchObject({ statusCode: 503, retryable: true });
    }
  });
});

describe('the view of a caller', () => {
  const versions = ['1', '2', '3'].map((version) => ({ model: 'fraud', version }) as ModelVersion);
  const model: RegisteredModel = {
    name: 'fraud',
    createdAt: '2026-01-01T00:00:00Z',
    versions,
    aliases: { champion: '2', candidate: '3' },
  };

  it.each<[string[] | undefined, string[], string[]]>([
    [undefined, ['champion', 'candidate'], ['1', '2', '3']],
    [['champion'], ['champion'], ['2']],
    [['candidate', '@1'], ['candidate'], ['1', '3']],
    [['@2'], [], ['2']],
    [['nothing'], [], []],
  ])('by aliases %j has the aliases %j and the versions %j', async (allowed, aliases, numbers) => {
    store.revision = revisionOf({
      principals: ['*'],
      actions: ['infer'],
      models: ['fraud'],
      aliases: allowed,
    });
    const view = await control.view(CALLER, 'describe');
    const seen = view.of(model);
    expect(Object.keys(seen.aliases)).toEqual(aliases);
    expect(seen.versions.map(({ version }) => version)).toEqual(numbers);
    expect(view.sees('fraud')).toBe(true);
    expect(view.sees('credit')).toBe(false);
  });
});

describe('rules that were read', () => {
  let time: number;
  let cached: CachedAccessRules;
  beforeEach(() => {
    time = 0;
    cached = new CachedAccessRules(store, { maxAgeMs: 10_000, now: () => time });
    store.revision = revisionOf();
  });

  it('are used until they are too old', async () => {
    const [first] = await Promise.all([cached.current(), cached.current()]);
    time = 9_999;
    store.revision = { ...revisionOf(), revision: 2 };
    expect(await cached.current()).toBe(first);
    expect(store.reads).toBe(1);
    time = 10_000;
    expect(await cached.current()).toMatchObject({ revision: 2 });
    expect(store.reads).toBe(2);
  });

  it('count as old as when the read began', async () => {
    store.underway = () => {
      time = 5_000;
    };
    await cached.current();
    time = 10_000;
    store.underway = () => {};
    await cached.current();
    expect(store.reads).toBe(2);
  });

  it('may be that there are none', async () => {
    store.revision = undefined;
    await cached.current();
    await cached.current();
    expect(store.reads).toBe(1);
  });

  it('do not hide that newer ones cannot be read', async () => {
    await cached.current();
    time = 10_000;
    store.failure = new Error('down');
    await expect(cached.current()).rejects.toThrow('down');
    store.failure = undefined;
    await expect(cached.current()).resolves.toMatchObject({ revision: 1 });
  });
});
