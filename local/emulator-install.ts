import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './directory-lock.ts';
import { toolEnvironment } from './environment.ts';
import { CACHE } from './project.ts';
import { runTool } from './run-tool.ts';

/** The emulator, pinned: `emulator.py` patches exactly this version. */
export const EMULATOR_VERSION = '1.5.33';

/**
 * cryptography signs with asymmetric KMS keys, cbor2 speaks CloudWatch's protocol, boto3 is there for custom resources
 * written in Python. In one command: the emulator pins botocore.
 */
const PACKAGES = [`ministack==${EMULATOR_VERSION}`, 'boto3', 'cryptography', 'cbor2'];

export interface InstallOptions {
  /** Interpreter that makes the virtual environment. */
  readonly python: string;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/**
 * Installs the emulator into `.cache/emulator-<version>/`, once.
 * @returns the interpreter of the virtual environment
 */
export async function installEmulator(options: InstallOptions): Promise<string> {
  const directory = join(CACHE, `emulator-${EMULATOR_VERSION}`);
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
      step: 'python environment',
      file: options.python,
      args: ['-m', 'venv', directory],
    });
    await runTool({
      ...run,
      step: 'emulator installation',
      file: python,
      args: ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', ...PACKAGES],
      hint: 'pip must reach a Python package index; PIP_INDEX_URL names another one than the default.',
    });
    await writeFile(complete, `${PACKAGES.join('\n')}\n`);
  });
  return python;
}
