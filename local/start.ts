import { setTimeout as sleep } from 'node:timers/promises';
import { removeLocalDeployment, writeLocalDeployment } from '../aws/local-deployment.ts';
import { askForLabels } from './demo-model.ts';
import { aborted, endOfRun } from './end-of-run.ts';
import { serveEngineOnly } from './engine-only.ts';
import { describeFailure, EmulatorUnavailableError, LocalRunError } from './failure.ts';
import { engineOnlyInstructions, onceReport, readyInstructions } from './instructions.ts';
import { PROJECT } from './project.ts';
import { otherRuns } from './run-directory.ts';
import { startLocal } from './start-local.ts';

/** Exit codes, beside 0. */
const FAILED = 1;
const ENGINE_ONLY = 3;
const INTERRUPTED = 130;

/** How long a run that was told to end may take. */
const ENDING_MS = 10_000;

const once = process.argv.includes('--once');
const ended = endOfRun();

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function untilEnded(): Promise<void> {
  say('Ctrl-C stops it.');
  await aborted(ended);
  say('Stopping.');
}

/** One at a time per checkout: `.strata/local.json` names one deployment. */
async function refuseSecondRun(): Promise<void> {
  for (let waited = 0; (await otherRuns('start')).length > 0; waited += 500) {
    if (waited < ENDING_MS) await sleep(500, undefined, { signal: ended });
    else {
      const [other] = await otherRuns('start');
      throw new LocalRunError('ALREADY_RUNNING', `npm start is running already, as process ${other?.pid}.`, {
        hint: `Use it, or stop it by Ctrl-C in its terminal or by: kill ${other?.pid}`,
      });
    }
  }
  await removeLocalDeployment(PROJECT);
}

async function serve(): Promise<void> {
  await refuseSecondRun();
  const platform = await startLocal({ name: 'start', signal: ended });
  try {
    ended.throwIfAborted();
    await writeLocalDeployment(PROJECT, platform.deployment);
    say(readyInstructions(platform.deployment, platform.firstAnswer, platform.leftOut));
    await untilEnded();
  } finally {
    await removeLocalDeployment(PROJECT);
    await platform.stop();
  }
}

/** Everything up to the first answer, beside a run that may be going on. */
async function tryOnce(): Promise<void> {
  const platform = await startLocal({ name: 'once', signal: ended });
  await platform.stop();
  say(onceReport(platform.firstAnswer, platform.leftOut));
}

async function serveEngine(reason: EmulatorUnavailableError): Promise<void> {
  say(describeFailure(reason));
  const engine = await serveEngineOnly();
  try {
    say(engineOnlyInstructions(engine.endpoint, await askForLabels(engine.endpoint)));
    if (!once) await untilEnded();
  } finally {
    await engine.stop();
  }
}

async function main(): Promise<number> {
  try {
    await (once ? tryOnce() : serve());
    return 0;
  } catch (error) {
    if (ended.aborted) return INTERRUPTED;
    if (!(error instanceof EmulatorUnavailableError)) throw error;
    await serveEngine(error);
    return once ? ENGINE_ONLY : 0;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`\n${describeFailure(error)}\n`);
  process.exitCode = FAILED;
}
// Handles that somebody else left open must not keep the terminal.
process.exit();
