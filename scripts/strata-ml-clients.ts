import { join, resolve } from 'node:path';
import type { Deployment } from '../lib/contracts/deployment.ts';
import { buildWheel } from './build-python.ts';
import { clientsPython, pytest } from './python-clients.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CLIENTS = join(ROOT, 'test', 'clients');
const OWN_TESTS = join(ROOT, 'python', 'tests');

/** `strata-ml` as its wheel brings it: by itself, then against a deployed registry and endpoint. */
export async function testStrataMl(deployment: Deployment): Promise<number> {
  const python = await clientsPython('clients-strata-ml', join(CLIENTS, 'requirements-strata-ml.txt'));
  if (python === undefined) return 0;
  const environment = {
    // A wheel of Python alone is imported as it lies there.
    PYTHONPATH: await buildWheel(),
    STRATA_DEPLOYMENT: JSON.stringify(deployment),
    MLFLOW_DISABLE_TELEMETRY: 'true',
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1',
  };
  // Without an endpoint or a token in the environment: both are found by the file of the local deployment.
  const target = { endpoint: '', token: '', environment };
  const exitCode = await pytest(python, ['--rootdir', OWN_TESTS, OWN_TESTS], target);
  return exitCode || (await pytest(python, [join(CLIENTS, 'test_strata_ml.py')], target));
}
