import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KinesisStreamRecord } from 'aws-lambda';
import { Engine } from '../../core/engine/engine.ts';
import { RecordServer } from '../../core/protocol/record-server.ts';
import { singleVersionRegistry } from '../../core/registry/single-version.ts';
import { inferStream } from '../../lambdas/infer-stream/infer-stream.ts';
import { ResultsStream } from '../../lambdas/infer-stream/results-stream.ts';
import { demoVersion } from '../inference/demo.ts';

/** What a thousand records take, in milliseconds. */
export interface Times {
  readonly cpu: number;
  readonly wall: number;
}

export interface Repetition {
  readonly separate: Times;
  readonly merged: Times;
}

/** The records of one call, merged and with a run for each: from the event's bytes to those of the results. */
const [file = '', repetitions = '1'] = process.argv.slice(2);
const COUNT = 1000;
/** Calls with all records that are measured as one: a single one is over before the garbage collector begins. */
const CALLS = 10;
const version = await demoVersion(file, 'records');
const options = {
  registry: singleVersionRegistry(version),
  runner: new Engine({
    artifacts: { open: async () => createReadStream(file) },
    directory: join(tmpdir(), 'models'),
    maxBytes: version.artifact.size,
    memoryMegabytes: Number(process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']),
  }),
  model: 'records',
  maxElements: 1_000_000,
  newId: () => '8f5c1a0e-6d0b-4f0e-9a55-3c9a3c0f7b11',
};
const merging = new RecordServer(options);
const separating = new RecordServer({ ...options, maxRows: 1 });
// The request to Kinesis is left out: it is the same for both.
const results = new ResultsStream({ send: async () => ({ Records: [] }) }, 'results');

/** A row that fills each input with numbers or texts of its own. */
function row(index: number): Record<string, unknown> {
  return Object.fromEntries(
    version.description.inputs.map(({ name, datatype, shape }, input) => {
      const inner = shape.slice(1).reduce((product, length) => product * Math.max(1, length), 1);
      const values = Array.from({ length: inner }, (_, element) =>
        datatype === 'BYTES' ? 'text' : ((index * 7 + input * 3 + element * 11) % 50) + 1,
      );
      return [name, inner === 1 ? values[0] : values];
    }),
  );
}

const records = Array.from({ length: COUNT }, (_, index): KinesisStreamRecord => {
  const kinesis = {
    data: Buffer.from(JSON.stringify(row(index))).toString('base64'),
    partitionKey: `key-${index}`,
    sequenceNumber: String(49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989n + BigInt(index)),
  };
  return { kinesis } as KinesisStreamRecord;
});

async function answer(server: RecordServer, calls = CALLS): Promise<void> {
  for (let call = 0; call < calls; call++) {
    const outcome = await inferStream(records, { server, results, requestId: 'request' });
    if (outcome.records !== COUNT || outcome.rejected > 0) throw new Error('not all were answered');
  }
}

/** Other processes of the machine do not change the time of the processor. */
async function timesOf(server: RecordServer): Promise<Times> {
  const [before, started] = [process.cpuUsage(), performance.now()];
  await answer(server);
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1000 / CALLS, wall: (performance.now() - started) / CALLS };
}

// Until it is known that rows may be merged, and how many are worth it.
await answer(merging);
await answer(separating, 1);
const measured: Repetition[] = [];
for (let time = 0; time < Number(repetitions); time++) {
  measured.push({
    separate: await timesOf(separating),
    merged: await timesOf(merging),
  });
}
process.send?.(measured);
