import { DEMO_FILE } from '../../local/demo-model.ts';
import type { Benchmark, Effort, Measurement } from '../benchmark.ts';
import { bundle, inProcess } from '../child.ts';
import { measurement } from '../repetitions.ts';
import { byOwner, type SelfTime } from './self-time.ts';

const REQUESTS = [
  'ten-features, json, 1 row',
  'ten-features, binary, 1 row',
  'penguins, json, 1 row',
  'penguins, binary, 32 rows',
];
const SHOWN = 12;

/** Where the time of a warm request goes. */
export const profile: Benchmark = {
  name: 'profile',
  title: 'CPU profile of the handler: shares of the time by owner, then by function (self time)',
  async run({ quick }: Effort): Promise<Measurement[]> {
    const probe = await bundle('profile/probe.ts');
    const found: Measurement[] = [];
    for (const request of quick ? REQUESTS.slice(0, 1) : REQUESTS) {
      const times = await inProcess<SelfTime[]>(probe, [DEMO_FILE, request, quick ? '200' : '5000']);
      for (const { name, share } of [...byOwner(times).slice(0, SHOWN), ...times.slice(0, SHOWN)]) {
        found.push(measurement(`${request}: ${name}`, '%', [share * 100]));
      }
    }
    return found;
  },
};
