import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import getPort from 'get-port';
import { splitOutputs } from '../../core/engine/merge.ts';
import { toolEnvironment } from '../../local/environment.ts';
import { LOGS, shownPath } from '../../local/project.ts';
import type { Target } from './client/load-client.ts';
import { processTree } from './process-tree.ts';
import { rightAnswer, wrongIn } from './right-answer.ts';
import type { ServedModel } from './served-models.ts';
import type { Subject } from './subject.ts';

/** A server that answers right. */
export interface RunningServer {
  readonly name: string;
  readonly pid: number;
  readonly origin: string;
  /** One row of the model, in the server's own JSON. */
  readonly target: Target;
  /** Takes no processor until it is resumed: servers that poll would take it from those that are measured. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** Until a server answers its first request: Python servers import for seconds, and several may start at once. */
const PATIENCE_MS = 90_000;
/** Until a server that was told to end is killed. */
const GRACE_MS = 5_000;
/** Different rows that a server is asked before it is measured, and for how long. */
const DIFFERENT = 16;
const DIFFERENT_MS = 2_000;

/**
 * Starts a server, and compares its first answer with onnxruntime's: what answers wrong is not worth measuring.
 *
 * @param within a command that limits the server and becomes it, for example `taskset -c 1`
 * @throws Error when it ends, does not answer in time, or answers wrong; with the end of its log
 */
export async function startServer(
  subject: Subject,
  model: ServedModel,
  within: readonly string[] = [],
): Promise<RunningServer> {
  const port = await getPort({ host: '127.0.0.1' });
  const { file, args, directory, environment } = await subject.command(model, port);
  const [command = file, ...rest] = [...within, file, ...args];
  await mkdir(LOGS, { recursive: true });
  const log = join(LOGS, `bench-${subject.name.replaceAll(/\W+/g, '-')}.log`);
  const child = execa(command, rest, {
    ...(directory !== undefined && { cwd: directory }),
    env: { ...toolEnvironment(), ...environment },
    extendEnv: false,
    stdin: 'ignore',
    stdout: { file: log },
    stderr: { file: log },
    buffer: false,
    reject: false,
  });
  const { pid = 0 } = child;
  const origin = `http://127.0.0.1:${port}`;
  const url = `${origin}${subject.path(model)}`;
  const body = subject.dialect.body(model.inputs(1));
  const bodyFile = join(LOGS, `bench-${subject.name.replaceAll(/\W+/g, '-')}.json`);
  await writeFile(bodyFile, body);
  const signal = (name: NodeJS.Signals) => {
    for (const each of processTree(pid)) signalProcess(each.pid, name);
  };
  const [pause, resume] = [() => signal('SIGSTOP'), () => signal('SIGCONT')];
  const stop = async (): Promise<void> => {
    resume();
    const tree = processTree(pid);
    child.kill('SIGTERM');
    await Promise.race([child, sleep(GRACE_MS, undefined, { ref: false })]);
    // Whoever outlives its parent.
    for (const each of tree) signalProcess(each.pid, 'SIGKILL');
  };
  try {
    const answer = subject.dialect.answer(await firstAnswer(url, body, child));
    const wrong = wrongIn(answer, await rightAnswer(model));
    if (wrong !== undefined) throw new Error(`it answers wrong: ${wrong}`);
    await askDifferently(url, subject, model);
    return { name: subject.name, pid, origin, target: { urls: [url], bodyFile }, pause, resume, stop };
  } catch (error) {
    await stop();
    const reason = error instanceof Error ? error.message : String(error);
    const tail = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-5).join('\n');
    throw new Error(`${subject.name}: ${reason}. The end of ${shownPath(log)}:\n${tail}`, { cause: error });
  }
}

async function firstAnswer(url: string, body: string, child: PromiseLike<unknown>): Promise<unknown> {
  let ended = false;
  void child.then(() => {
    ended = true;
  });
  let last = 'nothing listens';
  for (const started = performance.now(); performance.now() - started < PATIENCE_MS; await sleep(100)) {
    if (ended) throw new Error('it ended');
    const answer = await ask(url, body);
    if ('parsed' in answer) return answer.parsed;
    if (answer.failed !== undefined) last = answer.failed;
  }
  throw new Error(`it did not answer within ${PATIENCE_MS / 1000} s (${last})`);
}

/** Load clients send one body for ever; a server that tries merging on requests that differ sees some of these first. */
async function askDifferently(url: string, subject: Subject, model: ServedModel): Promise<void> {
  const rows = splitOutputs(model.inputs(DIFFERENT), Array(DIFFERENT).fill(1));
  const bodies = rows.map((row) => subject.dialect.body(row));
  for (const started = performance.now(); performance.now() - started < DIFFERENT_MS; ) {
    await Promise.all(Array.from({ length: 4 }, () => bodies.map((body) => ask(url, body))).flat());
  }
}

async function ask(url: string, body: string): Promise<{ parsed: unknown } | { failed: string | undefined }> {
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    return response.ok
      ? { parsed: JSON.parse(text) }
      : { failed: `${response.status} ${text.slice(0, 200)}` };
  } catch {
    return { failed: undefined };
  }
}

function signalProcess(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone.
  }
}
