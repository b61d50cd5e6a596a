import { randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { accessToken } from '../aws/access-token.ts';
import { ArtifactsBucket } from '../aws/artifacts-bucket.ts';
import { cognito, s3 } from '../aws/clients.ts';
import { registrations } from '../aws/registrations.ts';
import { CHAMPION } from '../core/registry/names.ts';
import { registerModel } from '../core/registry/register-model.ts';
import { DATATYPES, type Datatype } from '../core/tensor/tensor.ts';
import type { Deployment } from '../lib/contracts/deployment.ts';
import { DEMO_FILE, DEMO_MODEL } from '../local/demo-model.ts';
import { describeFailure, EmulatorUnavailableError, LocalRunError } from '../local/failure.ts';
import { startLocal } from '../local/start-local.ts';
import { serve } from '../server/serve.ts';
import { testMlflowClients } from './mlflow-clients.ts';
import { nodeTestReport, runNodeTests } from './onnx-node-tests.ts';
import { readNodeTests } from './onnx-tests/node-test.ts';
import { nodeTestData } from './onnx-tests/test-data.ts';
import { clientsPython, pytest } from './python-clients.ts';
import { testStrataMl } from './strata-ml-clients.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CLIENTS = join(ROOT, 'test', 'clients');
const REQUIREMENTS = join(CLIENTS, 'requirements.txt');

/** Clients that speak the protocol of inference to any server; the others need the deployment. */
const PROTOCOL_CLIENTS = ['test_kserve.py', 'test_tritonclient.py'].map((file) => join(CLIENTS, file));
const DEPLOYMENT_CLIENTS = [...PROTOCOL_CLIENTS, join(CLIENTS, 'test_readme.py')];

/**
 * The real clients with their default settings: tritonclient and KServe's against `strata serve`, then against the
 * deployed API, MLflow's against its registry, and our own against both.
 */
async function testClients(): Promise<number> {
  const python = await clientsPython('clients', REQUIREMENTS);
  if (python === undefined) return 0;
  return (await testNodes()) || (await testServer(python)) || (await testDeployment(python));
}

/** Every sixth of the standard's tests of operators; `npm run test:onnx` runs them all. */
async function testNodes(): Promise<number> {
  const folder = await nodeTests();
  if (folder === undefined) return 0;
  const results = await runNodeTests(readNodeTests(folder).filter((_, index) => index % 6 === 0));
  process.stdout.write(nodeTestReport(results));
  return results.some(({ gap }) => gap !== undefined) ? 1 : 0;
}

/** The folder with the tests; undefined, with one line that says why, where they cannot be had. */
async function nodeTests(): Promise<string | undefined> {
  try {
    const data = await nodeTestData();
    if ('folder' in data) return data.folder;
    process.stdout.write(`onnx tests: left out. ${data.missing}\n`);
  } catch (error) {
    if (!(error instanceof LocalRunError)) throw error;
    process.stdout.write(`onnx tests: left out. ${error.message}\n`);
  }
  return undefined;
}

async function testServer(python: string): Promise<number> {
  const models = await mkdtemp(join(tmpdir(), 'clients-'));
  for (const name of DATATYPES.map(identityModel))
    await copyFile(identityFile(name), join(models, `${name}.onnx`));
  await copyFile(DEMO_FILE, join(models, `${DEMO_MODEL}.onnx`));
  const token = randomUUID();
  const serving = await serve({ models, host: '127.0.0.1', port: 0, access: { token } });
  try {
    return await pytest(python, PROTOCOL_CLIENTS, { endpoint: serving.endpoint, token });
  } finally {
    await serving.close();
    await rm(models, { recursive: true });
  }
}

async function testDeployment(python: string): Promise<number> {
  const platform = await startLocal({ name: 'clients' });
  try {
    const { deployment } = platform;
    await registerIdentities(deployment);
    const { token } = await accessToken(cognito(deployment), deployment, ['infer']);
    const { endpoint } = deployment;
    const exitCode = await pytest(python, DEPLOYMENT_CLIENTS, { endpoint, token });
    return exitCode || (await testMlflowClients(deployment)) || (await testStrataMl(deployment));
  } finally {
    await platform.stop();
  }
}

function identityModel(datatype: Datatype): string {
  return `identity_${datatype.toLowerCase()}`;
}

function identityFile(model: string): string {
  return join(ROOT, 'test', 'support', 'models', `${model}.onnx`);
}

/** A model for each datatype that gives back what it gets. */
async function registerIdentities(deployment: Deployment): Promise<void> {
  const stores = {
    artifacts: new ArtifactsBucket(s3(deployment), deployment.artifactsBucket),
    registry: registrations(deployment, deployment),
  };
  for (const model of DATATYPES.map(identityModel)) {
    await registerModel({ path: identityFile(model), model, alias: CHAMPION }, stores);
  }
}

try {
  process.exitCode = await testClients();
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = error instanceof EmulatorUnavailableError ? 0 : 1;
}
