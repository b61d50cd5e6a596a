import { join } from 'node:path';
import type { Result } from 'autocannon';
import { execa } from 'execa';
import type { LoadClient, Seen } from './load-client.ts';

/** Where oha is not installed: it comes with the project, and shows that everything runs. Its figures are rough. */
export const autocannon: LoadClient = {
  name: 'autocannon',
  async send(target, load, within = []) {
    const probe = join(import.meta.dirname, 'autocannon-process.ts');
    const node = [process.execPath, '--import', 'tsx', probe, JSON.stringify({ target, load })];
    const [command = process.execPath, ...args] = [...within, ...node];
    const { ipcOutput } = await execa(command, args, { ipc: true, stdout: 'ignore' });
    return seen(ipcOutput[0] as Result);
  },
};

function seen(result: Result): Seen {
  const { duration, latency, errors, '2xx': answers } = result;
  return {
    answers,
    perSecond: answers / duration,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    failures: {
      ...(errors > 0 && { 'no answer': errors }),
      ...(result.non2xx > 0 && { 'another status': result.non2xx }),
    },
  };
}
