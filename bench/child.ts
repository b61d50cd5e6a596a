import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { CACHE, PROJECT } from '../local/project.ts';
import { FUNCTION_BUNDLE } from '../scripts/bundle-lambdas.ts';

const FOLDER = join(CACHE, 'bench');

/** What a function's process on Lambda knows, as far as the functions read it. The memory is the default of `Serving`. */
export const FUNCTION_ENVIRONMENT = {
  // The same options as on Lambda: lib/private/handler-function.ts.
  NODE_OPTIONS: '--enable-source-maps',
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'infer',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
  STRATA_REGISTRY_TABLE: 'registry',
  STRATA_ARTIFACTS_BUCKET: 'artifacts',
} as const;

/**
 * Bundles a module of this room as functions are bundled.
 * @param entry path below `bench/`
 * @returns path of the bundle
 */
export async function bundle(entry: string): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const outfile = join(FOLDER, `${entry.replaceAll('/', '-').replace(/\.ts$/, '')}.mjs`);
  await build({ ...FUNCTION_BUNDLE, entryPoints: [join(PROJECT, 'bench', entry)], outfile });
  return outfile;
}

/**
 * Runs a module in a process of its own and hands back what it sends with `process.send`. What it prints goes nowhere:
 * functions print a log line and metrics for each request, and writing those is part of what is measured.
 *
 * @param within a command that limits the process and becomes it, for example `taskset -c 0`
 */
export async function inProcess<T>(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = FUNCTION_ENVIRONMENT,
  within: readonly string[] = [],
): Promise<T> {
  const [command = process.execPath, ...rest] = [...within, process.execPath, file, ...args];
  const { ipcOutput } = await execa(command, rest, {
    ipc: true,
    // The null device itself, not a pipe that this process would have to empty.
    stdout: 'ignore',
    env: environment,
    // Nothing of this machine's own configuration: neither credentials nor Node's options.
    extendEnv: false,
  });
  const [message] = ipcOutput;
  if (message === undefined) throw new Error(`${file} ended without a result`);
  return message as T;
}
