import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ArtifactsBucket } from '../../aws/artifacts-bucket.ts';
import { dynamoDb, s3 } from '../../aws/clients.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import { registerModel } from '../../core/registry/register-model.ts';
import { type Serving, serve } from '../../server/serve.ts';

const MODELS = join(import.meta.dirname, '../support/models');

const deployment = inject('deployment');
const { registryTable, artifactsBucket } = deployment;
const registry = new RegistryTable(dynamoDb(deployment), registryTable);
const artifacts = new ArtifactsBucket(s3(deployment), artifactsBucket);

const model = `served-${randomUUID()}`;
const register = (file: string, alias?: string) =>
  registerModel({ path: join(MODELS, `${file}.onnx`), model, alias, actor: 'test' }, { artifacts, registry });

const location = { registryTable, artifactsBucket, aws: deployment, aliasMaxAgeMs: 0 };

let serving: Serving;
beforeAll(async () => {
  await register('identity_fp32', 'champion');
  await register('double');
  serving = await serve({
    models: { ...location, allowUnsigned: true },
    host: '127.0.0.1',
    port: 0,
    access: {},
  });
});
afterAll(() => serving.close());

async function ask(version?: string): Promise<unknown> {
  const path = version === undefined ? model : `${model}/versions/${version}`;
  const answer = await fetch(`${serving.endpoint}/v2/models/${path}/infer`, {
    method: 'POST',
    body: JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] }),
  });
  const { outputs } = (await answer.json()) as { outputs?: { data: unknown }[] };
  return outputs?.[0]?.data ?? answer.status;
}

describe('a server over the registry of a deployment', () => {
  it('serves every version, fetched when it is asked for', async () => {
    expect(await ask('1')).toEqual([1, 2]);
    expect(await ask('2')).toEqual([2, 4]);
    expect(await ask('3')).toBe(404);
  });

  it('follows the champion without a restart', async () => {
    expect(await ask()).toEqual([1, 2]);
    await registry.setAlias({ model, alias: 'champion', version: '2', actor: 'test' });
    expect(await ask()).toEqual([2, 4]);
  });

  it('answers the first requests of a version that come at once', async () => {
    const { version } = await register('double', 'canary');
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(version)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set(['[2,4]']));
  });
});

describe('a server that asks for signatures', () => {
  const start = (more: object) =>
    serve({ models: { ...location, ...more }, host: '127.0.0.1', port: 0, access: {} });

  it('refuses versions that no trusted key signed', async () => {
    await using signed = await closing(start({ trustedKeys: ['ab'.repeat(32)] }));
    const answer = await fetch(`${signed.endpoint}/v2/models/${model}/versions/1/infer`, {
      method: 'POST',
      body: JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] }),
    });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error_code: 'SIGNATURE_INVALID' });
  });

  it.each([{}, { trustedKeys: [] }])('does not start without keys: %j', async (keys) => {
    await expect(start(keys)).rejects.toMatchObject({ code: 'NO_TRUSTED_KEY' });
  });

  async function closing(started: Promise<Serving>) {
    const server = await started;
    return { endpoint: server.endpoint, [Symbol.asyncDispose]: () => server.close() };
  }
});
