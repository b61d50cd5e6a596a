import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { accessToken } from '../aws/access-token.ts';
import { ArtifactsBucket } from '../aws/artifacts-bucket.ts';
import { cognito, dynamoDb, s3 } from '../aws/clients.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import { CHAMPION } from '../core/registry/names.ts';
import { registerModel } from '../core/registry/register-model.ts';
import { DATATYPES } from '../core/tensor/tensor.ts';
import type { Deployment } from '../lib/contracts/deployment.ts';
import { describeFailure, EmulatorUnavailableError, LocalRunError } from '../local/failure.ts';
import { findPython } from '../local/python.ts';
import { installPythonEnvironment } from '../local/python-environment.ts';
import { startLocal } from '../local/start-local.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CLIENTS = join(ROOT, 'test', 'clients');
const REQUIREMENTS = join(CLIENTS, 'requirements.txt');

/** The real clients against the deployed API: tritonclient and KServe's, with their default settings. */
async function testClients(): Promise<number> {
  const python = await clientsPython();
  if (python === undefined) return 0;
  const platform = await startLocal({ name: 'clients' });
  try {
    const { deployment } = platform;
    await registerIdentities(deployment);
    const { token } = await accessToken(cognito(deployment), deployment, ['infer']);
    const { exitCode } = await execa(python, ['-m', 'pytest', '-p', 'no:cacheprovider', CLIENTS], {
      stdio: 'inherit',
      reject: false,
      env: {
        STRATA_ENDPOINT: deployment.endpoint,
        STRATA_TOKEN: token,
        PYTHONDONTWRITEBYTECODE: '1',
        // Loopback is never asked through a proxy.
        NO_PROXY: '127.0.0.1',
      },
    });
    return exitCode ?? 1;
  } finally {
    await platform.stop();
  }
}

/** The interpreter with the clients; undefined, with one line that says why, where they cannot be had. */
async function clientsPython(): Promise<string | undefined> {
  const search = await findPython();
  if (!('found' in search)) return leftOut(search.missing);
  const version = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const environment = {
    directoryName: `clients-${version}`,
    purpose: 'clients',
    packages: ['-r', REQUIREMENTS],
  };
  try {
    return await installPythonEnvironment(environment, { python: search.found });
  } catch (error) {
    if (!(error instanceof LocalRunError)) throw error;
    return leftOut(error.message);
  }
}

function leftOut(reason: string): undefined {
  process.stdout.write(`clients: left out. ${reason}\n`);
}

/** A model for each datatype that gives back what it gets. */
async function registerIdentities(deployment: Deployment): Promise<void> {
  const stores = {
    artifacts: new ArtifactsBucket(s3(deployment), deployment.artifactsBucket),
    registry: new RegistryTable(dynamoDb(deployment), deployment.registryTable),
  };
  for (const datatype of DATATYPES) {
    const model = `identity_${datatype.toLowerCase()}`;
    const path = join(ROOT, 'test', 'support', 'models', `${model}.onnx`);
    await registerModel({ path, model, alias: CHAMPION }, stores);
  }
}

try {
  process.exitCode = await testClients();
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = error instanceof EmulatorUnavailableError ? 0 : 1;
}
