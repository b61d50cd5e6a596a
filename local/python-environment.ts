import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './directory-lock.ts';
import { toolEnvironment } from './environment.ts';
import { CACHE } from './project.ts';
import { runTool } from './run-tool.ts';

export interface PythonEnvironment {
  /** Folder under `.cache/`; holds the pinned version, so that another version is another folder. */
  readonly directoryName: string;
  /** What it is for, in the words of a log's name: `emulator`. */
  readonly purpose: string;
  /** Arguments of `pip install`, pinned. */
  readonly packages: readonly string[];
}

export interface PythonInstallOptions {
  /** Interpreter that makes the virtual environment. */
  readonly python: string;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/**
 * Makes a virtual environment with pinned packages, once; two at once wait for each other.
 * @returns the interpreter of the environment
 * @throws LocalRunError when the environment or the packages cannot be had
 */
export async function installPythonEnvironment(
  { directoryName, purpose, packages }: PythonEnvironment,
  options: PythonInstallOptions,
): Promise<string> {
  const directory = join(CACHE, directoryName);
  const python = join(directory, 'bin', 'python');
  // Written last, so that an installation that was cut short is made again.
  const complete = join(directory, 'complete');
  const isInstalled = () =>
    access(complete)
      .then(() => access(python))
      .then(
        () => true,
        () => false,
      );
  if (await isInstalled()) return python;
  await mkdir(CACHE, { recursive: true });
  await withLock(`${directory}.lock`, options.signal, async () => {
    if (await isInstalled()) return;
    await rm(directory, { recursive: true, force: true });
    const run = { env: toolEnvironment(), signal: options.signal, onLine: options.onLine };
    await runTool({
      ...run,
      step: `${purpose} environment`,
      file: options.python,
      args: ['-m', 'venv', directory],
    });
    await runTool({
      ...run,
      step: `${purpose} installation`,
      file: python,
      args: ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--retries=1', ...packages],
      hint: 'pip must reach a Python package index; PIP_INDEX_URL names another one than the default.',
    });
    await writeFile(complete, `${packages.join('\n')}\n`);
  });
  return python;
}
