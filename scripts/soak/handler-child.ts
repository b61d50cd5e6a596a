import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTEXT, demoHandler } from '../../bench/inference/demo.ts';
import { denseModel } from '../../bench/inference/dense-model.ts';
import { inferenceEvent } from '../../bench/inference/requests.ts';
import { ModelFolder } from '../../server/model-folder.ts';
import { SoakRecord } from './soak-report.ts';

/** The function `infer` in a process of its own: three models, of which two fit, asked in turn. */

const WIDTHS = [
  [16, 2000, 2000, 4],
  [16, 2000, 2001, 4],
  [16, 2000, 2002, 4],
];
/** Requests to a model before the next one is asked, which closes another. */
const STAY = 20;
const PAUSE_MS = 25;
const SAMPLE_EVERY = 10;

const milliseconds = Number(process.argv[2]);
const directory = await mkdtemp(join(tmpdir(), 'soak-handler-'));
process.env['TMPDIR'] = directory;
const folder = join(directory, 'registry');
await mkdir(folder);
for (const [index, widths] of WIDTHS.entries())
  await writeFile(join(folder, `m${index}.onnx`), denseModel(widths));

const models = await ModelFolder.open(folder);
const handler = demoHandler({
  registry: models,
  rules: { current: async () => undefined },
  artifacts: {
    open: async (artifact) => createReadStream([...(await models.locate(artifact)).values()][0] ?? ''),
  },
});
const inputs = new Map([
  ['features', { datatype: 'FP32' as const, shape: [4, 16], data: new Float32Array(64).fill(0.5) }],
]);
const record = new SoakRecord();
const first = new Map<number, string>();
const until = performance.now() + milliseconds;
for (let turn = 0; performance.now() < until; turn += 1) {
  const model = Math.floor(turn / STAY) % WIDTHS.length;
  const { statusCode, body } = await handler(inferenceEvent(`m${model}`, inputs, 'json'), CONTEXT);
  const outputs = /"outputs":.*/.exec(Buffer.from(body, 'utf8').toString())?.[0] ?? body;
  const expected = first.get(model) ?? outputs;
  first.set(model, expected);
  if (statusCode === 200 && outputs === expected) record.done('requests');
  else record.failed(`m${model}`, `${statusCode} ${body.slice(0, 200)}`);
  if (turn % STAY === 0) record.done('models changed');
  if (turn % SAMPLE_EVERY === 0) record.sample(process.memoryUsage().rss);
  await sleep(PAUSE_MS);
}
process.send?.(record.report('infer'));
await rm(directory, { recursive: true, force: true });
process.disconnect?.();
