import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Engine } from '../../core/engine/engine.ts';
import { describeModel } from '../../core/onnx/describe-model.ts';
import type { ModelVersion } from '../../core/registry/model-version.ts';
import { denseModel } from '../inference/dense-model.ts';

/** Columns of the input of each model. */
export const COLUMNS = 16;

/** As many models that differ, of 45 KB each, and an engine with room for all. */
export function engineWithModels(count: number): { engine: Engine; versions: ModelVersion[] } {
  const files = new Map<string, Uint8Array>();
  const versions = Array.from({ length: count }, (_, index): ModelVersion => {
    const bytes = denseModel([COLUMNS, 96, 96 + index, 4]);
    const digest = createHash('sha256').update(bytes).digest('hex');
    files.set(digest, bytes);
    return {
      model: `m${index}`,
      version: '1',
      status: 'READY',
      artifact: { digest, size: bytes.length },
      description: describeModel(bytes),
      createdAt: '2026-01-01T00:00:00Z',
    };
  });
  const engine = new Engine({
    artifacts: { open: async ({ digest }) => Readable.from([files.get(digest)]) },
    directory: join(tmpdir(), 'growth', String(process.pid)),
    maxBytes: 2 ** 30,
    threads: 1,
  });
  return { engine, versions };
}

/** Milliseconds of a run with this many rows. */
export async function timeOfRun(engine: Engine, version: ModelVersion, rows: number): Promise<number> {
  const data = new Float32Array(rows * COLUMNS).fill(0.5);
  const inputs = new Map([['features', { datatype: 'FP32' as const, shape: [rows, COLUMNS], data }]]);
  const started = performance.now();
  await engine.run(version, inputs, ['score']);
  return performance.now() - started;
}
