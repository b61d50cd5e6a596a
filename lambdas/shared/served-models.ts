import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BudgetedRunner } from '../../core/engine/budgeted-runner.ts';
import { Engine } from '../../core/engine/engine.ts';
import type { EngineEvent } from '../../core/engine/engine-event.ts';
import type { ModelRunner } from '../../core/engine/model-runner.ts';
import { startRuntime } from '../../core/engine/start-runtime.ts';
import { SteadyRegistry } from '../../core/engine/steady-registry.ts';
import type { ArtifactReader } from '../../core/registry/artifact-reader.ts';
import { CachedRegistryReader } from '../../core/registry/cached-registry-reader.ts';
import { verifyVersions } from '../../core/registry/manifest-trust.ts';
import type { RegistryReader } from '../../core/registry/registry-reader.ts';
import { remainingMs } from './remaining-time.ts';

const MB = 1024 * 1024;

/** Share of the function's memory that open models may take; a session takes about twice its file. */
const MODEL_MEMORY_SHARE = 0.25;

export interface ServedModelsOptions {
  readonly registry: RegistryReader;
  readonly artifacts: ArtifactReader;
  readonly aliasMaxAgeMs: number;
  readonly memoryMegabytes: number;
  /** Models that stay open, with the version before. */
  readonly pinned?: readonly string[];
  /** Fingerprints of the keys whose signatures are trusted; undefined: versions need no signature. */
  readonly trustedKeys: readonly string[] | undefined;
  readonly onEvent: (event: EngineEvent) => void;
}

/** The models of a registry, as one process of a function serves them. */
export interface ServedModels {
  readonly registry: RegistryReader;
  readonly runner: ModelRunner;
}

export function servedModels(options: ServedModelsOptions): ServedModels {
  const { artifacts, aliasMaxAgeMs, memoryMegabytes, pinned = [], trustedKeys, onEvent } = options;
  // Nobody waits for it yet: it is there by the time that the first model has been found and fetched.
  void startRuntime({ memoryMegabytes });
  const engine = new Engine({
    artifacts,
    directory: join(tmpdir(), 'models'),
    memoryMegabytes,
    maxBytes: memoryMegabytes * MB * MODEL_MEMORY_SHARE,
    pinned,
    verify: trustedKeys && verifyVersions(trustedKeys),
    onEvent,
  });
  const cached = new CachedRegistryReader(options.registry, {
    maxAgeMs: aliasMaxAgeMs,
    now: () => performance.now(),
  });
  return {
    registry: new SteadyRegistry(cached, engine),
    runner: new BudgetedRunner({ engine, remainingMs }),
  };
}
