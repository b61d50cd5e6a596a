import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { LocalRunError } from '../local/failure.ts';
import { findPython } from '../local/python.ts';
import { installPythonEnvironment } from '../local/python-environment.ts';

/** A server and what its clients need to know. */
export interface PytestTarget {
  readonly endpoint: string;
  readonly token: string;
  /** Further variables of the tests. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs tests of a Python client.
 * @returns the exit code of pytest
 */
export async function pytest(
  python: string,
  tests: readonly string[],
  { endpoint, token, environment }: PytestTarget,
): Promise<number> {
  process.stdout.write(`clients: against ${endpoint}\n`);
  const { exitCode } = await execa(python, ['-m', 'pytest', '-p', 'no:cacheprovider', ...tests], {
    stdio: 'inherit',
    reject: false,
    env: {
      STRATA_ENDPOINT: endpoint,
      STRATA_TOKEN: token,
      PYTHONDONTWRITEBYTECODE: '1',
      // Loopback is never asked through a proxy.
      NO_PROXY: '127.0.0.1',
      ...environment,
    },
  });
  return exitCode ?? 1;
}

/**
 * The interpreter with the clients that a file requires; undefined, with one line that says why, where they cannot be had.
 * @param name of the environment's folder
 */
export async function clientsPython(name: string, requirements: string): Promise<string | undefined> {
  const search = await findPython();
  if (!('found' in search)) return leftOut(name, search.missing);
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const environment = {
    directoryName: `${name}-${version}`,
    purpose: 'clients',
    packages: ['-r', requirements],
  };
  try {
    return await installPythonEnvironment(environment, { python: search.found });
  } catch (error) {
    if (!(error instanceof LocalRunError)) throw error;
    return leftOut(name, error.message);
  }
}

function leftOut(name: string, reason: string): undefined {
  process.stdout.write(`${name}: left out. ${reason}\n`);
}
