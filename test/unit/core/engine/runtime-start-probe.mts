/** Opens a model from a store that gives it only once onnxruntime's native half is in this process; prints what the engine tells. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../../../core/engine/engine.ts';
import { storeWith, versionOf } from '../../../support/models/model-versions.ts';

const isLoaded = () =>
  (process.report.getReport() as unknown as { sharedObjects: string[] }).sharedObjects.some((path) =>
    path.includes('onnxruntime_binding'),
  );

const store = storeWith('add_sub');
const before = isLoaded();
const engine = new Engine({
  artifacts: {
    open: async (artifact) => {
      while (!isLoaded()) await sleep(10);
      return store.open(artifact);
    },
  },
  directory: process.argv[2] ?? '',
  maxBytes: 1e6,
  onEvent: ({ type }) => process.stdout.write(JSON.stringify({ before, type })),
});
await engine.load(versionOf('add_sub'));
