import { expect, it, vi } from 'vitest';
import { keepFresh } from '../../../server/keep-fresh.ts';
import type { FolderEvent } from '../../../server/model-folder.ts';
import { versionOf } from '../../support/models/model-versions.ts';

const VERSION = versionOf('double');
const noFiles = () => Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });

/** A folder of which one version goes at the second look, on a file system that fails at first. */
function underWay(forget: () => Promise<void>) {
  const ended = new AbortController();
  const events: FolderEvent[] = [];
  let looks = 0;
  const refresh = async () => {
    looks += 1;
    if (looks === 1) throw noFiles();
    return looks === 2 ? [VERSION] : [];
  };
  const done = keepFresh({
    folder: { refresh, serves: () => false },
    server: { open: async () => {}, forget },
    everyMs: 1,
    ended: ended.signal,
    onEvent: (event) => events.push(event),
  });
  return { ended, events, done };
}

it('goes on when a look or letting a version go fails, tells a failure once, and tries again', async () => {
  let attempts = 0;
  const { ended, events, done } = underWay(async () => {
    attempts += 1;
    if (attempts < 4) throw noFiles();
  });
  await vi.waitFor(() => expect(attempts).toBe(4));
  ended.abort();
  await done;
  expect(events).toMatchObject([{ type: 'reload-failed', error: { code: 'EMFILE' } }]);
});

it('ends only when nothing is being let go any longer', async () => {
  const forgetting = Promise.withResolvers<void>();
  const forget = vi.fn(() => forgetting.promise);
  const { ended, done } = underWay(forget);
  await vi.waitFor(() => expect(forget).toHaveBeenCalled());
  ended.abort();
  let isDone = false;
  void done.then(() => (isDone = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isDone).toBe(false);
  forgetting.resolve();
  await done;
});
