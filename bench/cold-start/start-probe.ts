import { createReadStream } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { CONTEXT, demoHandler, demoPorts, demoVersion } from '../inference/demo.ts';
import { inferenceEvent, sampleInputs } from '../inference/requests.ts';

/** Until the table and the bucket answer the first time: a round trip within a region, a connection to be opened. */
const TABLE_MS = 20;
const BUCKET_MS = 40;

/** From the start of the function to its first answer, with a table and a bucket that are a network away. */
const [file = ''] = process.argv.slice(2);
const version = await demoVersion(file, 'penguins');
const event = inferenceEvent('penguins', sampleInputs(1), 'json');
const { registry, rules } = demoPorts(version, file);

const started = performance.now();
const handle = demoHandler({
  rules,
  registry: {
    ping: () => registry.ping(),
    modelNames: () => registry.modelNames(),
    model: (name) => registry.model(name),
    resolve: (name, version) => after(TABLE_MS).then(() => registry.resolve(name, version)),
  },
  artifacts: { open: () => after(BUCKET_MS).then(() => createReadStream(file)) },
});
const { statusCode, body } = await handle(event, CONTEXT);
const passed = performance.now() - started;
if (statusCode !== 200) throw new Error(`infer answered ${statusCode}: ${body}`);
process.send?.({ [`start to first answer, table ${TABLE_MS} ms and bucket ${BUCKET_MS} ms away`]: passed });
