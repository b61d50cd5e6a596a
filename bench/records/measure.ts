import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from '../../core/engine/engine.ts';
import { RecordServer } from '../../core/protocol/record-server.ts';
import { singleVersionRegistry } from '../../core/registry/single-version.ts';
import { demoVersion } from '../inference/demo.ts';

/** Records of a stream's batch: all of one call, against one call for each. Both the whole way, from record to answer. */
const [file = '', repetitions = '1', mergedName = '', oneByOneName = ''] = process.argv.slice(2);
const COUNT = 1000;
const version = await demoVersion(file, 'records');
const server = new RecordServer({
  registry: singleVersionRegistry(version),
  runner: new Engine({
    artifacts: { open: async () => createReadStream(file) },
    directory: join(tmpdir(), 'models'),
    maxBytes: version.artifact.size,
    memoryMegabytes: Number(process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']),
  }),
  model: 'records',
  maxElements: 1_000_000,
  newId: () => 'prediction',
});

/** A row that fills each input with a number or text of its own. */
function row(index: number): Record<string, unknown> {
  return Object.fromEntries(
    version.description.inputs.map(({ name, datatype, shape }, input) => {
      const inner = shape.slice(1).reduce((product, length) => product * Math.max(1, length), 1);
      const value = datatype === 'BYTES' ? 'text' : ((index * 7 + input * 3) % 50) + 1;
      return [name, inner === 1 ? value : Array.from({ length: inner }, () => value)];
    }),
  );
}

const records = Array.from({ length: COUNT }, (_, index) => {
  const value = row(index);
  return () => ({ value, exact: () => value });
});

async function merged(): Promise<void> {
  for (const outcome of await server.answer(records)) if ('error' in outcome) throw outcome.error;
}

async function oneByOne(): Promise<void> {
  for (const record of records) {
    const [outcome] = await server.answer([record]);
    if (!outcome || 'error' in outcome) throw outcome?.error;
  }
}

/** Of the processor, which other processes of the machine do not change; both work on one thread all the time. */
async function milliseconds(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

// Until it is known that rows may be merged, and how many are worth it.
for (let i = 0; i < 5; i++) await merged();
await oneByOne();
const measured: Record<string, number>[] = [];
for (let i = 0; i < Number(repetitions); i++) {
  measured.push({
    [oneByOneName]: await milliseconds(oneByOne),
    [mergedName]: await milliseconds(merged),
  });
}
process.send?.(measured);
