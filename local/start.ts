import { setTimeout as sleep } from 'node:timers/promises';
import { removeLocalDeployment, writeLocalDeployment } from '../aws/local-deployment.ts';
import { askForLabels } from './demo-model.ts';
import { serveEngineOnly } from './engine-only.ts';
import { describeFailure, EmulatorUnavailableError } from './failure.ts';
import { engineOnlyInstructions, readyInstructions } from './instructions.ts';
import { isRunning } from './process-identity.ts';
import { PROJECT } from './project.ts';
import { otherRuns } from './run-directory.ts';
import { startLocal } from './start-local.ts';

/** Exit codes, beside 0 and those of signals. */
const FAILED = 1;
const ENGINE_ONLY = 3;

const once = process.argv.includes('--once');
const interrupted = new AbortController();

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Resolves when the person ends the run; at once with `--once`. */
async function untilEnded(): Promise<void> {
  if (once) return;
  say('Ctrl-C stops it.');
  if (interrupted.signal.aborted) return;
  await new Promise((resolve) => interrupted.signal.addEventListener('abort', resolve, { once: true }));
}

/** One platform per checkout: `.strata/local.json` can name one only. */
async function replaceEarlierRun(): Promise<void> {
  for (const earlier of await otherRuns('start')) {
    say(`Ending the \`npm start\` that is still running (process ${earlier.pid}).`);
    process.kill(earlier.pid, 'SIGTERM');
    for (let waited = 0; isRunning(earlier); waited += 100) {
      if (waited > 15_000) process.kill(earlier.pid, 'SIGKILL');
      await sleep(100);
    }
  }
  await removeLocalDeployment(PROJECT);
}

async function runPlatform(): Promise<void> {
  await replaceEarlierRun();
  const platform = await startLocal({ name: 'start', signal: interrupted.signal });
  try {
    interrupted.signal.throwIfAborted();
    await writeLocalDeployment(PROJECT, platform.deployment);
    say(readyInstructions(platform.deployment, platform.firstAnswer, platform.leftOut));
    await untilEnded();
  } finally {
    await removeLocalDeployment(PROJECT);
    await platform.stop();
  }
}

async function runEngineOnly(reason: EmulatorUnavailableError): Promise<void> {
  say(describeFailure(reason));
  const engine = await serveEngineOnly();
  try {
    say(engineOnlyInstructions(engine.endpoint, await askForLabels(engine.endpoint)));
    await untilEnded();
  } finally {
    await engine.stop();
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupted.abort());
}

try {
  await runPlatform();
} catch (error) {
  if (interrupted.signal.aborted) {
    say('Stopped.');
    process.exitCode = 130;
  } else if (error instanceof EmulatorUnavailableError) {
    process.exitCode = once ? ENGINE_ONLY : 0;
    await runEngineOnly(error);
  } else {
    process.stderr.write(`\n${describeFailure(error)}\n`);
    process.exitCode = FAILED;
  }
}
process.exit();
