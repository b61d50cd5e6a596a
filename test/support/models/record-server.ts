import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Engine } from '../../../core/engine/engine.ts';
import type { ModelRunner } from '../../../core/engine/model-runner.ts';
import { RecordServer, type RecordServerOptions } from '../../../core/protocol/record-server.ts';
import type { ModelVersion } from '../../../core/registry/model-version.ts';
import { singleVersionRegistry } from '../../../core/registry/single-version.ts';
import { type MemoryArtifacts, storeWith, versionOf } from './model-versions.ts';

/** A record server over a real engine with one test model, and the rows of each run of the engine. */
export function recordServerOf(
  model: string,
  options: Partial<RecordServerOptions> = {},
  version: ModelVersion = versionOf(model),
  artifacts: MemoryArtifacts = storeWith(model),
) {
  const directory = mkdtempSync(join(tmpdir(), 'records-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const engine = new Engine({ artifacts, directory, maxBytes: 1e6, memoryMegabytes: 1769 });
  const runs: number[] = [];
  const runner: ModelRunner = {
    load: (wanted) => engine.load(wanted),
    run: (wanted, inputs, outputs) => {
      runs.push(inputs.values().next().value?.shape[0] ?? 0);
      return engine.run(wanted, inputs, outputs);
    },
  };
  const server = new RecordServer({
    registry: singleVersionRegistry(version),
    runner,
    model: version.model,
    maxElements: 1_000_000,
    newId: () => 'prediction',
    ...options,
  });
  return { server, runner, runs };
}

/** A record as the functions hand it to the server. */
export function recordOf(value: unknown) {
  return () => ({ value, exact: () => value });
}
