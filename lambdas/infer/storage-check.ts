import { StrataError, UnavailableError } from '../../core/errors.ts';
import { resultKey } from '../../core/protocol/exchange/exchange-key.ts';
import { ArtifactMissingError } from '../../core/registry/artifact-reader.ts';
import type { ModelVersion } from '../../core/registry/model-version.ts';
import type { InferPorts } from './inference-server.ts';

/** More champions than these say nothing more about names and permissions. */
const CHAMPIONS = 5;

/** Names that are looked up for champions; a registry may hold thousands that have none. */
const NAMES = 50;

/** Whose place in the exchange is used: no caller has this id. */
const SELF = 'self-check';

/**
 * Touches what serving reads and writes, with the function's own settings and permissions: the first bytes of a champion's
 * file, and a result in the exchange. Where nothing is registered there is no file to read.
 *
 * A file that the store says it does not hold is no fault of the new code: to get that answer takes the right bucket and
 * the permission to read it. Data that was lost before must not hold up the release that may mend it; callers get 503
 * for that model and the alarms of `Serving` tell of it.
 *
 * @throws StrataError what the store answers: when none of a few champions can be opened for another reason
 */
export async function checkStorage({
  registry,
  artifacts,
  exchange,
}: Pick<InferPorts, 'registry' | 'artifacts' | 'exchange'>): Promise<void> {
  let failure: unknown;
  for await (const { artifact } of champions(registry)) {
    try {
      const [file = artifact] = artifact.files ?? [];
      for await (const _ of await artifacts.open(file)) break;
      failure = undefined;
      break;
    } catch (error) {
      failure = error instanceof ArtifactMissingError ? undefined : error;
    }
  }
  if (failure !== undefined) throw failure;
  if (exchange === undefined) return;
  const key = resultKey(SELF, SELF, SELF);
  await exchange.write(key, Buffer.from(SELF));
  const written = await exchange.open(key);
  if (written === undefined) {
    throw new UnavailableError(
      'EXCHANGE_UNAVAILABLE',
      'The exchange does not give back what was put into it.',
    );
  }
  await written.read();
}

async function* champions(registry: InferPorts['registry']): AsyncGenerator<ModelVersion> {
  let found = 0;
  for (const name of (await registry.modelNames()).slice(0, NAMES)) {
    const version = await registry.resolve(name).catch((error: unknown) => {
      if (error instanceof StrataError && NOT_SERVED.has(error.code)) return undefined;
      throw error;
    });
    if (version === undefined) continue;
    yield version;
    if (++found === CHAMPIONS) return;
  }
}

/** The model has no version that could be opened, or is gone since its name was read. */
const NOT_SERVED = new Set(['MODEL_NOT_FOUND', 'MODEL_NOT_READY', 'NO_CHAMPION', 'VERSION_NOT_FOUND']);
