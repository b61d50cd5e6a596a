import { EmulatorUnavailableError } from '../local/failure.ts';
import { type LocalPlatform, startLocal } from '../local/start-local.ts';
import { type Benchmark, type Effort, LeftOutError, type Measurement } from './benchmark.ts';
import { measurements } from './repetitions.ts';

/** From nothing to the first answer on the local emulator, step by step. */
export const deploy: Benchmark = {
  name: 'deploy',
  title: 'From a checkout to the first answer on the local emulator',
  async run({ quick }: Effort): Promise<Measurement[]> {
    const measured: Record<string, number>[] = [];
    for (let repetition = 0; repetition < (quick ? 1 : 5); repetition++) {
      const started = performance.now();
      const platform = await emulatedPlatform();
      const total = performance.now() - started;
      await platform.stop();
      const steps = platform.durations.map(({ title, milliseconds }) => [title, milliseconds]);
      measured.push({ ...Object.fromEntries(steps), 'all of it': total });
    }
    return measurements('ms', measured);
  },
};

async function emulatedPlatform(): Promise<LocalPlatform> {
  try {
    return await startLocal({ name: 'bench', showSteps: false });
  } catch (error) {
    if (error instanceof EmulatorUnavailableError) throw new LeftOutError(error.message, { cause: error });
    throw error;
  }
}
