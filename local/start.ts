import { setTimeout as sleep } from 'node:timers/promises';
import { removeLocalDeployment, writeLocalDeployment } from '../aws/local-deployment.ts';
import { askForLabels } from './demo-model.ts';
import { holderOf, type Lock, tryLock } from './directory-lock.ts';
import { aborted, endOfRun } from './end-of-run.ts';
import { serveEngineOnly } from './engine-only.ts';
import { describeFailure, EmulatorUnavailableError, LocalRunError } from './failure.ts';
import { engineOnlyInstructions, engineOnlyReport, onceReport, readyInstructions } from './instructions.ts';
import { PROJECT, START_LOCK } from './project.ts';
import { startLocal } from './start-local.ts';

/** Exit codes, beside 0. */
const FAILED = 1;
const ENGINE_ONLY = 3;
const USAGE = 2;
const INTERRUPTED = 130;

/** How long a run that is ending may take. */
const ENDING_MS = 15_000;
/** A run whose npm was ended notices within a second. */
const NOTICE_MS = 1_500;
const LOOK_MS = 250;

const once = onlyOnce(process.argv.slice(2));
const ended = endOfRun();

/** A mistyped option shall not deploy something and stay. */
function onlyOnce(args: readonly string[]): boolean {
  const unknown = args.find((arg) => arg !== '--once');
  if (unknown !== undefined) {
    process.stderr.write(`npm start knows only --once, not ${unknown}.\n`);
    process.exit(USAGE);
  }
  return args.length > 0;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

ended.addEventListener('abort', () => say('\nStopping.'), { once: true });

async function untilEnded(): Promise<void> {
  say('Ctrl-C stops it.');
  await aborted(ended);
}

/** One at a time per checkout: `.strata/local.json` names one deployment. */
async function takeTurn(): Promise<Lock> {
  let told: boolean | undefined;
  for (let waited = 0; ; waited += LOOK_MS) {
    const lock = await tryLock(START_LOCK);
    if (lock) return lock;
    const other = await holderOf(START_LOCK);
    if (other && waited >= (other.isEnding ? ENDING_MS : NOTICE_MS)) {
      throw new LocalRunError('ALREADY_RUNNING', `npm start is running already, as process ${other.pid}.`, {
        hint: `Use it, or stop it by Ctrl-C in its terminal or by: kill ${other.pid}`,
      });
    }
    if (other && told !== other.isEnding) {
      const why = other.isEnding ? 'which is stopping' : 'in case it is about to stop';
      say(`npm start is running already, as process ${other.pid}: waiting, ${why}.`);
      told = other.isEnding;
    }
    await sleep(LOOK_MS, undefined, { signal: ended });
  }
}

/** What a run that was killed left behind names a deployment that is gone. */
async function forgetEndedRun(): Promise<void> {
  if (!(await holderOf(START_LOCK))) await removeLocalDeployment(PROJECT);
}

async function serve(): Promise<void> {
  const lock = await takeTurn();
  const noteEnding = () => void lock.noteEnding().catch(() => {});
  ended.addEventListener('abort', noteEnding, { once: true });
  if (ended.aborted) noteEnding();
  try {
    await removeLocalDeployment(PROJECT);
    await servePlatform();
  } finally {
    await removeLocalDeployment(PROJECT);
    await lock.giveBack();
  }
}

async function servePlatform(): Promise<void> {
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
  await forgetEndedRun();
  const platform = await startLocal({ name: 'once', signal: ended });
  await platform.stop();
  say(onceReport(platform.firstAnswer, platform.leftOut));
}

async function serveEngine(reason: EmulatorUnavailableError): Promise<void> {
  say(describeFailure(reason));
  const engine = await serveEngineOnly();
  try {
    const answer = await askForLabels(engine.endpoint);
    say(once ? engineOnlyReport(answer) : engineOnlyInstructions(engine.endpoint, answer));
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
