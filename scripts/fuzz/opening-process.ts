import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const PATIENCE_MS = 10_000;

/** Opens model files in another process, and starts a new one when that ends. */
export class OpeningProcess {
  #child: ChildProcess | undefined;

  /** @returns `opened`, the code of the refusal, or how the process ended */
  async open(path: string): Promise<string> {
    const child = await this.#started();
    const answer = once(child, 'message').then(([message]) => String(message));
    const end = once(child, 'exit').then(([code, signal]) => `ended: ${signal ?? code}`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve('ended: it took too long'), PATIENCE_MS);
    });
    child.send(path);
    const result = await Promise.race([answer, end, late]);
    clearTimeout(timer);
    if (result.startsWith('ended')) this.close();
    return result;
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  async #started(): Promise<ChildProcess> {
    if (this.#child) return this.#child;
    const child = fork(join(import.meta.dirname, 'open-in-child.ts'), {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('error', () => {});
    await once(child, 'message');
    this.#child = child;
    return child;
  }
}
