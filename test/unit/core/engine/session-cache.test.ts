import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionCache } from '../../../../core/engine/session-cache.ts';

interface Session {
  readonly key: string;
  open: boolean;
  release(): Promise<void>;
}

/** A cache over sessions that know whether they are open, and a record of what was loaded and let go. */
function cacheOf(maxBytes: number, isPinned?: (key: string) => boolean) {
  const loaded: string[] = [];
  const evicted: string[] = [];
  const sessions = new Set<Session>();
  const cache = new SessionCache<Session>({
    maxBytes,
    onEvicted: (key) => evicted.push(key),
    ...(isPinned && { isPinned }),
  });
  const load = (key: string) => async () => {
    loaded.push(key);
    await Promise.resolve();
    const session: Session = {
      key,
      open: true,
      release: async () => {
        session.open = false;
      },
    };
    sessions.add(session);
    return session;
  };
  const use = (key: string, bytes = 1, work: (session: Session) => void | Promise<void> = () => {}) =>
    cache.use(key, bytes, load(key), work);
  const openKeys = () => [...sessions].filter(({ open }) => open).map(({ key }) => key);
  return { cache, use, loaded, evicted, openKeys };
}

/** A promise that is settled by hand. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { wait: promise, open: resolve };
}

describe('the cache of sessions', () => {
  it('loads a key once, however many ask', async () => {
    const { use, loaded } = cacheOf(10);
    await Promise.all([use('a'), use('a'), use('a')]);
    await use('a');
    expect(loaded).toEqual(['a']);
  });

  it('forgets a load that failed', async () => {
    const { cache, use, loaded } = cacheOf(10);
    const failing = () => Promise.reject(new Error('no memory'));
    await expect(cache.use('a', 1, failing, () => {})).rejects.toThrow('no memory');
    await use('a');
    expect(loaded).toEqual(['a']);
  });

  it('keeps a session of which the work failed', async () => {
    const { cache, use, loaded } = cacheOf(10);
    await use('a');
    const failing = () => Promise.reject(new Error('bad input'));
    await expect(cache.use('a', 1, () => Promise.reject(new Error('loaded twice')), failing)).rejects.toThrow(
      'bad input',
    );
    await use('a');
    expect(loaded).toEqual(['a']);
  });

  it('lets the least recently used go', async () => {
    const { use, evicted, openKeys } = cacheOf(2);
    await use('a');
    await use('b');
    await use('a');
    await use('c');
    expect(evicted).toEqual(['b']);
    expect(openKeys()).toEqual(['a', 'c']);
  });

  it('lets pinned sessions go last, but go when nothing else can', async () => {
    const { use, evicted } = cacheOf(2, (key) => key === 'a');
    await use('a');
    await use('b');
    await use('c');
    expect(evicted).toEqual(['b']);
    await use('large', 2);
    expect(evicted).toEqual(['b', 'c', 'a']);
  });

  it('makes room before it loads, so that old and new are not open together', async () => {
    const { cache, use, openKeys } = cacheOf(10);
    await use('a', 10);
    let openDuringLoad: string[] | undefined;
    const load = async (): Promise<Session> => {
      openDuringLoad = openKeys();
      return { key: 'b', open: true, release: async () => {} };
    };
    await cache.use('b', 10, load, () => {});
    expect(openDuringLoad).toEqual([]);
  });

  it('never lets a session go that is in use, and catches up afterwards', async () => {
    const { use, evicted, openKeys } = cacheOf(1);
    const { wait, open } = gate();
    const running = use('a', 1, async (session) => {
      await wait;
      expect(session.open).toBe(true);
    });
    await use('b');
    expect(openKeys()).toEqual(['a', 'b']);
    open();
    await running;
    expect(evicted).toEqual(['a']);
  });

  it('keeps a session above the limit until another is asked for', async () => {
    const { use, loaded, openKeys } = cacheOf(1);
    await use('large', 100);
    await use('large', 100);
    expect(loaded).toEqual(['large']);
    await use('small');
    expect(openKeys()).toEqual(['small']);
  });

  it('works on open sessions only, holds one per key, and ends within its limit', async () => {
    const size = { a: 1, b: 2, c: 3, d: 4, e: 5 };
    const requests = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(3)), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), requests, async (maxBytes, asked) => {
        const { use, openKeys } = cacheOf(maxBytes);
        const work = (key: keyof typeof size, turns: number) =>
          use(key, size[key], async (session) => {
            for (let turn = 0; turn <= turns; turn += 1) {
              expect(session.open).toBe(true);
              expect(openKeys().filter((each) => each === key)).toEqual([key]);
              await Promise.resolve();
            }
          });
        await Promise.all(asked.map(([key, turns]) => work(key, turns)));

        const open = openKeys();
        const bytes = open.reduce((sum, key) => sum + size[key as keyof typeof size], 0);
        expect(open.length <= 1 || bytes <= maxBytes).toBe(true);
      }),
    );
  });
});
