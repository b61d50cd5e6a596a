import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import type { EmulatorSource } from './emulator-source.ts';
import { LOCAL_REGION, toolEnvironment } from './environment.ts';
import { LocalRunError } from './failure.ts';
import { LOGS, shownPath } from './project.ts';
import { killGroup, type RunDirectory } from './run-directory.ts';
import { tailOf } from './run-tool.ts';

const READY_MS = 60_000;
const POLL_MS = 100;
const GRACE_MS = 5_000;

export interface Emulator {
  /** `http://127.0.0.1:<port>`: the address of every service. */
  readonly url: string;
  /** CloudFormation resource types it knows. */
  readonly resourceTypes: ReadonlySet<string>;
  /** Ends it and its workers. */
  stop(): Promise<void>;
}

/**
 * Starts the emulator on a free loopback port and waits until it answers.
 * It ends by itself when this process does, however that happens.
 */
export async function startEmulator(
  source: EmulatorSource,
  run: RunDirectory,
  options: { readonly hostLayer?: string; readonly signal?: AbortSignal } = {},
): Promise<Emulator> {
  const port = await getPort({ host: '127.0.0.1' });
  const temporary = join(run.path, 'tmp');
  const typesFile = join(run.path, 'resource-types.json');
  await mkdir(temporary, { recursive: true });
  await mkdir(LOGS, { recursive: true });
  const command = source.command(port, run.path);
  const child = spawn(command.file, command.args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: toolEnvironment()['PATH'],
      HOME: temporary,
      LANG: 'C.UTF-8',
      PYTHONUNBUFFERED: '1',
      TMPDIR: temporary,
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_REGION: LOCAL_REGION,
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      STRATA_RESOURCE_TYPES: typesFile,
      ...(options.hostLayer && { STRATA_HOST_LAYERS: '1', NODE_PATH: options.hostLayer }),
      ...command.env,
    },
  });
  const logFile = join(LOGS, 'emulator.log');
  const log = createWriteStream(logFile);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  child.on('close', () => log.end());
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const stop = () => end(child, ended);
  try {
    if (child.pid) await run.noteEmulator(child.pid);
    await ready(`http://127.0.0.1:${port}`, child, options.signal);
    const types = JSON.parse(await readFile(typesFile, 'utf8')) as string[];
    return { url: `http://127.0.0.1:${port}`, resourceTypes: new Set(types), stop };
  } catch (error) {
    await stop();
    if (options.signal?.aborted) throw error;
    throw new LocalRunError('EMULATOR_FAILED', 'The AWS emulator did not start.', {
      hint: 'Delete .cache/ and try again; if it still fails, the log says why.',
      logFile: shownPath(logFile),
      logTail: await tailOf(logFile),
      cause: error,
    });
  }
}

async function ready(url: string, child: ChildProcess, signal: AbortSignal | undefined): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended at once');
    const healthy = await fetch(`${url}/_ministack/health`, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return;
    await sleep(POLL_MS, undefined, { signal });
  }
  throw new Error(`no answer within ${READY_MS / 1000} s`);
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (!child.pid) return;
  killGroup(child.pid, 'SIGTERM');
  await Promise.race([ended, sleep(GRACE_MS)]);
  // Workers that outlive it are in its group.
  killGroup(child.pid);
  await ended;
}
