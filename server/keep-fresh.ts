import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelVersion } from '../core/registry/model-version.ts';
import type { FolderEvent, ModelFolder } from './model-folder.ts';
import type { ModelServer } from './model-server.ts';

export interface KeepFreshOptions {
  readonly folder: Pick<ModelFolder, 'refresh' | 'serves'>;
  readonly server: Pick<ModelServer, 'open' | 'forget'>;
  /** Between two looks, in milliseconds. */
  readonly everyMs: number;
  readonly ended: AbortSignal;
  readonly onEvent: (event: FolderEvent) => void;
}

/**
 * Looks at the folder again and again: notices of the file system do not cross the mounts of containers and networks.
 * A version is opened before it is served, and closed when it is gone. What fails is told, and tried again.
 *
 * @returns settled when it has ended and nothing is being let go any longer; never rejected
 */
export async function keepFresh({
  folder,
  server,
  everyMs,
  ended,
  onEvent,
}: KeepFreshOptions): Promise<void> {
  const leaving = new Set<Promise<void>>();
  const left: ModelVersion[] = [];
  let told: string | undefined;
  const fail = (error: unknown) => {
    const message = String(error);
    if (message !== told && !ended.aborted) onEvent({ type: 'reload-failed', error });
    told = message;
  };
  const forget = (version: ModelVersion) => {
    const forgetting = server
      .forget(version, () => folder.serves(version))
      .catch((error: unknown) => {
        left.push(version);
        fail(error);
      })
      .finally(() => leaving.delete(forgetting));
    leaving.add(forgetting);
  };
  while (!ended.aborted) {
    await sleep(everyMs, undefined, { ref: false, signal: ended }).catch(() => {});
    if (ended.aborted) break;
    for (const version of left.splice(0)) forget(version);
    try {
      for (const version of await folder.refresh((each) => server.open(each))) forget(version);
    } catch (error) {
      fail(error);
    }
  }
  await Promise.all(leaving);
}
