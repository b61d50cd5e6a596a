import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from '../../core/engine/engine.ts';
import { demoVersion } from '../inference/demo.ts';

/** The parts of opening a first model, as the engine tells them. */
const [file = ''] = process.argv.slice(2);
const version = await demoVersion(file, 'penguins');
const engine = new Engine({
  artifacts: { open: async () => createReadStream(file) },
  directory: join(tmpdir(), 'models'),
  maxBytes: version.artifact.size,
  memoryMegabytes: Number(process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']),
  onEvent: (event) => {
    if (event.type !== 'session-loaded') throw new Error(`the model did not open: ${event.type}`);
    process.send?.({
      'model file copied from disk and verified, onnxruntime loaded': event.fetchMs + event.runtimeMs,
      'session opened': event.openMs,
      'first run': event.warmUpMs,
    });
  },
});
await engine.load(version);
