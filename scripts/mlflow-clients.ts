import { join, resolve } from 'node:path';
import { accessToken } from '../aws/access-token.ts';
import { ArtifactsBucket } from '../aws/artifacts-bucket.ts';
import { cognito, dynamoDb, s3 } from '../aws/clients.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import { registerModel } from '../core/registry/register-model.ts';
import type { Deployment } from '../lib/contracts/deployment.ts';
import { clientsPython, pytest } from './python-clients.ts';

const TESTS = resolve(import.meta.dirname, '..', 'test', 'clients', 'mlflow');
const MODEL_FILE = resolve(import.meta.dirname, '..', 'test', 'support', 'models', 'fixed.onnx');

/** Both packages hold a client of their own; each has an environment in which the other is not. */
const CLIENTS = ['mlflow-skinny', 'mlflow'];

/** MLflow's clients against a deployed registry, every operation of it. */
export async function testMlflowClients(deployment: Deployment): Promise<number> {
  const { token } = await accessToken(cognito(deployment), deployment, [
    'registry.read',
    'registry.write',
    'deploy',
  ]);
  for (const client of CLIENTS) {
    const python = await clientsPython(`clients-${client}`, join(TESTS, `requirements-${client}.txt`));
    if (python === undefined) continue;
    const model = `ready-${client}`;
    await registerThree(deployment, model);
    const environment = { STRATA_READY_MODEL: model };
    // The folder above belongs to clients that have other packages.
    const tests = ['--confcutdir', TESTS, TESTS];
    const exitCode = await pytest(python, tests, { endpoint: deployment.endpoint, token, environment });
    if (exitCode !== 0) return exitCode;
  }
  return 0;
}

async function registerThree(deployment: Deployment, model: string): Promise<void> {
  const stores = {
    artifacts: new ArtifactsBucket(s3(deployment), deployment.artifactsBucket),
    registry: new RegistryTable(dynamoDb(deployment), deployment.registryTable),
  };
  for (let version = 1; version <= 3; version++) await registerModel({ path: MODEL_FILE, model }, stores);
}
