import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOnnx } from '../../../core/onnx/onnx-file.ts';
import { writeOnnx } from '../../../core/onnx/write-onnx.ts';
import type { Measurement } from '../../benchmark.ts';
import { measurement } from '../../repetitions.ts';
import { protocol } from '../dialects.ts';
import { APART, type Field, inRounds } from '../field.ts';
import { type Measured, measure } from '../measure.ts';
import { megabytesOf } from '../process-tree.ts';
import type { RunningServer } from '../running-server.ts';
import { TABULAR } from '../served-models.ts';
import { serveCommand, strata } from '../strata.ts';
import type { Subject } from '../subject.ts';
import type { Row } from './row.ts';

const SIZES = {
  connections: [1, 4, 16, 64, 256],
  batches: [1, 16, 256, 4096],
  models: [1, 10, 100],
} as const;
const QUICK_SIZES = { connections: [1], batches: [16], models: [10] } as const;
type Sizes = Readonly<Record<keyof typeof SIZES, readonly number[]>>;
/** That ask for batches: enough that the server never waits for one. */
const ASKING = 4;

/** What becomes of the server with more of everything. */
export const growth: Row = {
  name: 'growth',
  async run(field) {
    const { connections, batches, models }: Sizes = field.quick ? QUICK_SIZES : SIZES;
    return [
      ...(await byConnections(field, connections)),
      ...(await byBatch(field, batches)),
      ...(await byModels(field, models)),
    ];
  },
};

async function byConnections(field: Field, sizes: readonly number[]): Promise<Measurement[]> {
  const rounds = await ofStrata(field, (server) =>
    each(sizes, (connections) => measureWith(field, server, connections)),
  );
  return sizes.flatMap((connections, index) => {
    const of = (figure: (measured: Measured) => number) => figures(rounds, index, figure);
    const title = `strata serve, ${connections} connections`;
    return [
      measurement(
        `${title}: requests`,
        '1/s',
        of(({ perSecond }) => perSecond),
      ),
      measurement(
        `${title}: p50`,
        'ms',
        of(({ p50Ms }) => p50Ms),
      ),
      measurement(
        `${title}: p99`,
        'ms',
        of(({ p99Ms }) => p99Ms),
      ),
    ];
  });
}

async function byBatch(field: Field, sizes: readonly number[]): Promise<Measurement[]> {
  const directory = await mkdtemp(join(tmpdir(), 'strata-batches-'));
  try {
    const rounds = await ofStrata(field, (server) =>
      each(sizes, async (rows) => {
        const bodyFile = join(directory, `${rows}.json`);
        await writeFile(bodyFile, protocol.body(TABULAR.inputs(rows)));
        return await measureWith(field, { ...server, target: { ...server.target, bodyFile } }, ASKING);
      }),
    );
    return sizes.map((rows, index) =>
      measurement(
        `strata serve, ${rows} rows in a request: rows`,
        '1/s',
        figures(rounds, index, ({ perSecond }) => perSecond * rows),
      ),
    );
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function byModels(field: Field, sizes: readonly number[]): Promise<Measurement[]> {
  const found: Measurement[] = [];
  for (const count of sizes) {
    const directory = await mkdtemp(join(tmpdir(), 'strata-models-'));
    try {
      const names = await writeVariants(directory, count);
      const ofFolder: Subject = {
        ...strata,
        path: () => `/v2/models/${names[0]}/infer`,
        command: (_, port) => serveCommand(directory, port),
      };
      const rounds = await inRounds(field, [ofFolder], TABULAR, APART.server, async (server) => {
        const urls = names.map((name) => `${server.origin}/v2/models/${name}/infer`);
        const measured = await measureWith(field, { ...server, target: { ...server.target, urls } }, 1);
        return { ...measured, megabytes: megabytesOf(server.pid) };
      });
      const ours = rounds.get(strata.name) ?? [];
      const title = `strata serve, ${count === 1 ? '1 model' : `${count} models`} in turn`;
      found.push(
        measurement(
          `${title}: memory`,
          'MB',
          ours.map(({ megabytes }) => megabytes),
        ),
        measurement(
          `${title}: p50 of one connection`,
          'ms',
          ours.map(({ p50Ms }) => p50Ms),
        ),
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  }
  return found;
}

/** Files that differ in a remark alone, so that each is a model of its own. */
async function writeVariants(directory: string, count: number): Promise<string[]> {
  const model = parseOnnx(await readFile(TABULAR.file));
  const names = Array.from({ length: count }, (_, index) => `model${index}`);
  for (const name of names) {
    await writeFile(join(directory, `${name}.onnx`), writeOnnx({ ...model, docString: name }));
  }
  return names;
}

async function ofStrata<T>(
  field: Field,
  measureOne: (server: RunningServer) => Promise<T>,
): Promise<readonly T[]> {
  const found = await inRounds(field, [strata], TABULAR, APART.server, measureOne);
  return found.get(strata.name) ?? [];
}

function measureWith(field: Field, server: RunningServer, connections: number): Promise<Measured> {
  const [seconds, warmSeconds] = [field.seconds / 2, field.seconds / 4];
  return measure(server, field.client, { connections, seconds, warmSeconds }, APART.client);
}

async function each<T>(sizes: readonly number[], one: (size: number) => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (const size of sizes) found.push(await one(size));
  return found;
}

/** Of one size, round by round. */
function figures(
  rounds: readonly (readonly Measured[])[],
  index: number,
  figure: (measured: Measured) => number,
): number[] {
  return rounds.flatMap((round) => round.slice(index, index + 1).map(figure));
}
