import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { stripVTControlCharacters } from 'node:util';
import { ExecaError, execa } from 'execa';
import { LocalRunError } from './failure.ts';
import { LOGS, shownPath } from './project.ts';
import { killGroup } from './run-directory.ts';

const TAIL_LINES = 30;
const GRACE_MS = 2_000;

/**
 * Runs the tool and waits on a pipe beside it, which closes however this process ends, SIGKILL included: then the whole
 * group goes. A shell's background command has no standard input of its own, hence descriptor 3.
 */
const ENDS_WITH_US = 'exec 3<&0 </dev/null; { cat <&3; kill -KILL 0; } >/dev/null 2>&1 & exec 3<&-; "$@"';

/** What a shell answers for a program that is not there. Source: POSIX, "Exit Status for Commands". */
const NOT_INSTALLED = 127;

export interface ToolRun {
  /** Name of the step: of the log file and in messages. */
  readonly step: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Told each line of output as it comes. */
  readonly onLine?: (line: string) => void;
  readonly hint?: string;
}

/**
 * Runs a tool to its end, with its output in `.cache/logs/<step>.log`.
 * @throws LocalRunError `STEP_FAILED` with the end of the log
 */
export async function runTool(run: ToolRun): Promise<void> {
  run.signal?.throwIfAborted();
  const logFile = join(LOGS, `${run.step.replaceAll(' ', '-')}.log`);
  await mkdir(dirname(logFile), { recursive: true });
  const subprocess = execa('/bin/sh', ['-c', ENDS_WITH_US, 'sh', run.file, ...run.args], {
    cwd: run.cwd,
    env: run.env,
    extendEnv: false,
    stdin: 'pipe',
    all: true,
    buffer: false,
    // A group of its own: stopping a tool stops what it has started, and Ctrl-C reaches the runner alone.
    detached: true,
    cleanup: false,
  });
  const stop = () => endGroup(subprocess.pid);
  run.signal?.addEventListener('abort', stop, { once: true });
  try {
    const output = keepOutput(subprocess.iterable({ from: 'all' }), logFile, run.onLine);
    // The end of the log is part of the failure.
    const [ended, kept] = await Promise.allSettled([subprocess, output]);
    if (ended.status === 'rejected') throw ended.reason;
    if (kept.status === 'rejected') throw kept.reason;
  } catch (error) {
    throw new LocalRunError('STEP_FAILED', `${run.step} failed${reason(error)}`, {
      hint: run.hint,
      logFile: shownPath(logFile),
      logTail: await tailOf(logFile),
      cause: error,
    });
  } finally {
    run.signal?.removeEventListener('abort', stop);
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  killGroup(pid, 'SIGTERM');
  setTimeout(() => killGroup(pid), GRACE_MS).unref();
}

async function keepOutput(lines: AsyncIterable<unknown>, logFile: string, onLine?: (line: string) => void) {
  const log = createWriteStream(logFile);
  try {
    for await (const line of lines) {
      const text = stripVTControlCharacters(String(line)).trimEnd();
      if (!text) continue;
      log.write(`${text}\n`);
      onLine?.(text.trim());
    }
  } finally {
    log.end();
    await finished(log);
  }
}

function reason(error: unknown): string {
  if (!(error instanceof ExecaError)) return '';
  if (error.exitCode === NOT_INSTALLED) return ': the program is not installed';
  return error.exitCode === undefined ? '' : ` (exit code ${error.exitCode})`;
}

/** Last lines of a log, empty when there is none. */
export async function tailOf(logFile: string): Promise<string[]> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-TAIL_LINES);
}
