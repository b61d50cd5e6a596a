import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { serve } from '../server/serve.ts';
import { DEMO_FILE, DEMO_MODEL } from './demo-model.ts';
import { createRunDirectory } from './run-directory.ts';

/** The same as behind the gateway, so that a client sees the same limits. */
const MAX_BYTES = 6 * 1024 * 1024;

export interface EngineOnly {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Serves the demo model without AWS: the engine's own server in this process, on a free loopback port. There is no
 * registry, no gateway and nobody who asks for tokens.
 */
export async function serveEngineOnly(): Promise<EngineOnly> {
  const run = await createRunDirectory('engine');
  const models = join(run.path, 'models');
  await mkdir(models);
  await copyFile(DEMO_FILE, join(models, `${DEMO_MODEL}.onnx`));
  const serving = await serve({
    models,
    host: '127.0.0.1',
    port: 0,
    access: {},
    workers: 1,
    limits: { maxRequestBytes: MAX_BYTES, maxResponseBytes: MAX_BYTES },
    onEvent: (event) => {
      if (event.type === 'internal-error') console.error(event.error);
    },
  });
  return {
    endpoint: serving.endpoint,
    stop: async () => {
      await serving.close(0);
      await run.remove();
    },
  };
}
