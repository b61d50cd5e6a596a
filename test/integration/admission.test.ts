import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { accessToken } from '../../aws/access-token.ts';
import { ArtifactsBucket } from '../../aws/artifacts-bucket.ts';
import { cognito, dynamoDb, s3 } from '../../aws/clients.ts';
import { writeLocalDeployment } from '../../aws/local-deployment.ts';
import { registrations } from '../../aws/registrations.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import { fileDigest } from '../../core/engine/model-folder.ts';
import type { Manifest } from '../../core/registry/manifest.ts';
import { verifiedManifest } from '../../core/registry/manifest-trust.ts';
import { registerModel } from '../../core/registry/register-model.ts';
import { detailsKey } from '../../core/registry/registry-keys.ts';
import { modelPath } from '../support/models/model-file.ts';

const STRATA = join(import.meta.dirname, '../../assets/cli/strata.mjs');
const deployment = inject('deployment');
const documents = dynamoDb(deployment);
const registry = new RegistryTable(documents, deployment.registryTable);
const artifacts = new ArtifactsBucket(s3(deployment), deployment.artifactsBucket);
const trusted = (deployment.trustedKeys ?? '').split(',');

const newModel = () => `admission-${randomUUID().slice(0, 8)}`;
const register = (model: string, file: string) =>
  registerModel(
    { path: modelPath(file), model, alias: 'champion', actor: 'test' },
    { artifacts, registry: registrations(deployment, deployment) },
  );

async function infer(model: string) {
  const { token } = await accessToken(cognito(deployment), deployment, ['infer']);
  const tensor = (name: string) => ({ name, datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] });
  const response = await fetch(`${deployment.endpoint}/v2/models/${model}/infer`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [tensor('a'), tensor('b')] }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'admission-'));
  await writeLocalDeployment(folder, deployment);
});
afterAll(() => rm(folder, { recursive: true }));

async function strata(...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [STRATA, ...args], {
    cwd: folder,
    reject: false,
    extendEnv: false,
    env: { PATH: process.env['PATH'] },
  });
  return { code: exitCode, out: stdout, err: stderr };
}

/** A version as a client of MLflow makes it, with these bytes as its only file. */
async function pending(model: string, bytes: string): Promise<string> {
  const path = join(folder, randomUUID());
  await writeFile(path, bytes);
  const { digest, size } = await fileDigest(folder, path.slice(folder.length + 1));
  await artifacts.put({ digest, size }, path);
  await registry.createModel({ name: model });
  const storage = `sha256:${digest}`;
  return (await registry.createVersion({ model, source: 'mlflow-artifacts:/x', storage })).version;
}

async function settled(model: string, version: string) {
  return eventually(async () => {
    const record = await registry.version(model, version);
    expect(record.status).not.toBe('PENDING_REGISTRATION');
    return record;
  });
}

const eventually = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: 60_000, interval: 250 });

describe('a version that can serve', { timeout: 120_000 }, () => {
  it('is READY with a manifest that the deployed key signed, and is served', async () => {
    const model = newModel();
    const version = await register(model, 'add_sub');
    const { modelId } = await registry.version(model, '1');
    const manifest: Manifest = verifiedManifest(version, trusted);
    expect(manifest).toMatchObject({
      modelId,
      version: '1',
      artifact: version.artifact,
      description: version.description,
      lineage: { source: `sha256:${version.artifact.digest}`, author: 'test' },
    });
    expect(manifest.runtime).toMatch(/^onnxruntime-node \d+\.\d+\.\d+$/);
    expect(manifest.measured?.p50Ms).toBeGreaterThan(0);
    expect((await infer(model)).status).toBe(200);

    const verified = await strata('verify', `${model}@champion`, '--json');
    expect(verified).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(verified.out)).toEqual({ verified: true, manifest });
  });

  it('is not opened once the registry says something else of it than was signed', async () => {
    const model = newModel();
    const { manifest } = await register(model, 'add_sub');
    const { modelId } = await registry.version(model, '1');
    await documents.send(
      new UpdateCommand({
        TableName: deployment.registryTable,
        Key: detailsKey(modelId, '1'),
        UpdateExpression: 'SET #manifest.#text = :forged',
        ExpressionAttributeNames: { '#manifest': 'manifest', '#text': 'text' },
        ExpressionAttributeValues: {
          ':forged': manifest?.text.replace('"author":"test"', '"author":"boss"'),
        },
      }),
    );
    const { status, body } = await infer(model);
    expect({ status, code: body['error_code'] }).toEqual({ status: 503, code: 'SIGNATURE_INVALID' });
    const verified = await strata('verify', `${model}@1`, '--json');
    expect(verified.code).toBe(1);
    expect(verified.out + verified.err).toContain('SIGNATURE_INVALID');
  });
});

describe('a version that cannot serve', { timeout: 120_000 }, () => {
  it('has failed, and says to its author what to do', async () => {
    const model = newModel();
    const version = await pending(model, '\u0080\u0004pickle');
    expect(await settled(model, version)).toMatchObject({
      status: 'FAILED_REGISTRATION',
      statusMessage: expect.stringContaining('no ONNX model'),
    });
  });

  it('has failed when the registry keeps no files of it', async () => {
    const model = newModel();
    await registry.createModel({ name: model });
    const { version } = await registry.createVersion({ model, source: 's3://elsewhere/model' });
    expect(await settled(model, version)).toMatchObject({
      status: 'FAILED_REGISTRATION',
      statusMessage: expect.stringContaining('keeps no files of this version'),
    });
  });
});
