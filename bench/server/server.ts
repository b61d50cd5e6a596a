import type { Benchmark, Effort, Measurement } from '../benchmark.ts';
import { openField } from './field.ts';
import { growth } from './rows/growth.ts';
import type { Row } from './rows/row.ts';
import { slow, slowSteady } from './rows/slow-model.ts';
import { steady } from './rows/steady.ts';
import { shared, tabular } from './rows/tabular.ts';

/** What the others show as well. */
const NOT_QUICK = [shared, slowSteady];

const ROWS: readonly Row[] = [tabular, shared, slow, steady, slowSteady, growth];

/** `strata serve` beside other servers of models, each with the same model, as its own documentation advises. */
export const server: Benchmark = {
  name: 'server',
  title: 'strata serve beside its peers',
  rows: ROWS.map(({ name }) => name),
  async run({ quick, rows, note }: Effort): Promise<Measurement[]> {
    const field = openField(quick, note);
    const found: Measurement[] = [];
    const all = quick ? ROWS.filter((row) => !NOT_QUICK.includes(row)) : ROWS;
    for (const row of rows.length === 0 ? all : ROWS.filter(({ name }) => rows.includes(name))) {
      process.stderr.write(`server, ${row.name} ...\n`);
      found.push(...(await row.run(field)));
    }
    return found;
  },
};
