import { StrataError } from '../errors.ts';
import type { RecordsReader } from '../registry/records-reader.ts';
import type { RegistryWriter } from '../registry/registry-writer.ts';

export interface SweepPorts {
  readonly registry: Pick<RecordsReader, 'listModels' | 'model'> & Pick<RegistryWriter, 'failVersion'>;
  readonly now: () => Date;
}

/** Codes of a version that somebody else settled meanwhile. */
const SETTLED = new Set(['MODEL_NOT_FOUND', 'VERSION_NOT_FOUND', 'VERSION_NOT_PENDING']);

/**
 * Fails what has waited for admission longer than that takes: its files never came, or what admits gave up.
 *
 * @param maxAgeMs how long a version may be PENDING
 * @returns how many versions failed
 */
export async function sweepPending(maxAgeMs: number, { registry, now }: SweepPorts): Promise<number> {
  const oldest = new Date(now().getTime() - maxAgeMs).toISOString();
  let swept = 0;
  for (const { name } of await registry.listModels('model')) {
    const { versions } = await registry.model(name).catch(orSettled({ versions: [] }));
    for (const { version, status, createdAt } of versions) {
      if (status !== 'PENDING_REGISTRATION' || createdAt >= oldest) continue;
      await registry.failVersion({ model: name, version }, timedOut(createdAt)).catch(orSettled(undefined));
      swept += 1;
    }
  }
  return swept;
}

function timedOut(createdAt: string): string {
  return `The version was made at ${createdAt} and its admission never came to an end. Register the model again.`;
}

function orSettled<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof StrataError && SETTLED.has(error.code)) return instead;
    throw error;
  };
}
