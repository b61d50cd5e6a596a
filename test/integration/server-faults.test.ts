import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { accessToken } from '../../aws/access-token.ts';
import { ArtifactsBucket } from '../../aws/artifacts-bucket.ts';
import { cognito, dynamoDb, s3 } from '../../aws/clients.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import { registerModel } from '../../core/registry/register-model.ts';
import { FAULTS, FAULTY_MODELS } from '../support/models/faulty-models.ts';

const deployment = inject('deployment');
const artifacts = new ArtifactsBucket(s3(deployment), deployment.artifactsBucket);
const registry = new RegistryTable(dynamoDb(deployment), deployment.registryTable);

/** Models of the same names belong to other tests of this deployment. */
const prefix = `faulty-${randomUUID()}-`;
const used = [...new Set(FAULTS.map(({ model }) => model))];
const directory = mkdtempSync(join(tmpdir(), 'faults-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let token: string;
beforeAll(async () => {
  for (const name of used) {
    const path = join(directory, `${name}.onnx`);
    writeFileSync(path, FAULTY_MODELS[name] ?? '');
    const wanted = { path, model: prefix + name, alias: 'champion', actor: 'test' };
    await registerModel(wanted, { artifacts, registry });
  }
  ({ token } = await accessToken(cognito(deployment), deployment, ['infer']));
});

async function ask(model: string, inputs: readonly unknown[]) {
  const answer = await fetch(`${deployment.endpoint}/v2/models/${prefix}${model}/infer`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs }),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

describe('the deployed function, when a caller sends values that a model fails at', () => {
  it.each(FAULTS)(
    '$what: says so, and answers the next request',
    async ({ model, bad, good, output, status, code }) => {
      const refused = await ask(model, bad);
      expect([refused.status, refused.json['error_code']]).toEqual([status, code]);
      expect((await ask(model, good)).json['outputs']).toMatchObject([{ data: output }]);
    },
  );
});
