import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { PROJECT } from '../../../local/project.ts';
import { findPython } from '../../../local/python.ts';
import project from '../../../package.json' with { type: 'json' };

const search = await findPython();
const python = 'found' in search ? search.found : undefined;
const folder = mkdtempSync(join(tmpdir(), 'end-of-run-'));
afterAll(() => rm(folder, { recursive: true }));

/** Runs until it is to end, prints what a run prints then, and leaves a note that it could clean up. */
function run(note: string): string[] {
  const script = `
    import { writeFile } from 'node:fs/promises';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { aborted, endOfRun } from ${JSON.stringify(join(PROJECT, 'local', 'end-of-run.ts'))};
    const ended = endOfRun();
    const talking = setInterval(() => process.stdout.write('still here\\n'), 100);
    await aborted(ended);
    clearInterval(talking);
    for (const stream of [process.stdout, process.stderr]) stream.write('Stopping.\\n');
    await sleep(300);
    process.stdout.write('stopped\\n');
    await writeFile(${JSON.stringify(note)}, 'cleaned up');
  `;
  return [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
}

/** Gives the program a terminal of its own, and closes that once it has printed; the signal of a closing may be ignored. */
const CLOSE_TERMINAL = `
import os, pty, signal, sys
child, terminal = pty.fork()
if child == 0:
    if sys.argv[1] == "ignored":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execv(sys.argv[2], sys.argv[2:])
os.read(terminal, 1)
os.close(terminal)
os.waitpid(child, 0)
`;

it('npm start is run by Node itself: on Ctrl-C the command tsx kills a program that is busy for a moment', () => {
  expect(project.scripts.start).toMatch(/ exec node --import tsx local\/start\.ts$/);
});

describe('a run', () => {
  it.runIf(python).each(['delivered', 'ignored'])(
    'cleans up when its terminal is closed (SIGHUP is %s)',
    async (signal) => {
      const note = join(folder, signal);
      await execa(python ?? '', ['-c', CLOSE_TERMINAL, signal, ...run(note)], { cwd: PROJECT });
      expect(await readFile(note, 'utf8')).toBe('cleaned up');
    },
  );

  it('ends when the reader of its output has gone', async () => {
    const note = join(folder, 'pipe');
    const [file = '', ...args] = run(note);
    const running = execa(file, args, { cwd: PROJECT, reject: false });
    await new Promise((resolve) => running.stdout.once('data', resolve));
    running.stdout.destroy();
    await vi.waitFor(async () => expect(await readFile(note, 'utf8')).toBe('cleaned up'), {
      timeout: 10_000,
    });
  });
});
