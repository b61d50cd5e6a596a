import { DEMO_FILE } from '../../local/demo-model.ts';
import type { Benchmark, Effort, Measurement } from '../benchmark.ts';
import { bundle, inProcess } from '../child.ts';
import { measurement, measurements } from '../repetitions.ts';

const MERGED = '1000 records, merged, CPU time';
const ONE_BY_ONE = '1000 records, one run for each, CPU time';

/** What functions on streams and in state machines gain by merging, on the demo model, in one process. */
export const records: Benchmark = {
  name: 'records',
  title: 'Records of a stream or batch: merged, against one run for each',
  async run({ quick }: Effort): Promise<Measurement[]> {
    const measured = await inProcess<Record<typeof MERGED | typeof ONE_BY_ONE, number>[]>(
      await bundle('records/measure.ts'),
      [DEMO_FILE, quick ? '1' : '15', MERGED, ONE_BY_ONE],
    );
    return [
      ...measurements('ms', measured),
      measurement(
        'gain',
        'times',
        measured.map((times) => times[ONE_BY_ONE] / times[MERGED]),
      ),
    ];
  },
};
