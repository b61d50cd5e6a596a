import { randomUUID } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { dynamoDb } from '../../aws/clients.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import type { Scope } from '../../lib/contracts/access.ts';
import { type Answer, callAs } from '../support/deployment.ts';

const deployment = inject('deployment');
const WRITER: readonly Scope[] = ['registry.read', 'registry.write'];

const newName = () => `mlflow-${randomUUID()}`;

/** As a client asks: fields in the query of a GET, in the body otherwise. */
function ask(
  method: string,
  path: string,
  fields: Readonly<Record<string, unknown>> = {},
  scopes: readonly Scope[] = WRITER,
): Promise<Answer> {
  const query =
    method === 'GET' ? `?${new URLSearchParams(fields as Record<string, string>).toString()}` : '';
  return callAs(scopes, method, `/api/2.0/mlflow/${path}${query}`, {
    headers: { 'content-type': 'application/json' },
    ...(method !== 'GET' && { body: JSON.stringify(fields) }),
  });
}

describe("MLflow's API", () => {
  it('creates a model and a version, and shows them', async () => {
    const name = `${newName()} "ü" & % + ?`;
    const created = await ask('POST', 'registered-models/create', { name, description: 'credit risk' });
    expect(created.status).toBe(200);
    expect(created.json()).toMatchObject({ registered_model: { name, description: 'credit risk' } });

    const version = await ask('POST', 'model-versions/create', { name, source: 's3://bucket/model' });
    expect(version.json()).toMatchObject({
      model_version: { name, version: '1', status: 'PENDING_REGISTRATION', source: 's3://bucket/model' },
    });

    const shown = await ask('GET', 'registered-models/get', { name });
    expect(shown.json()).toMatchObject({
      registered_model: { name, latest_versions: [{ version: '1', current_stage: 'None' }] },
    });
    expect((await ask('GET', 'model-versions/get', { name, version: '1' })).status).toBe(200);
  });

  it('answers what is there already and what is not as MLflow does', async () => {
    const name = newName();
    await ask('POST', 'registered-models/create', { name });
    const again = await ask('POST', 'registered-models/create', { name });
    expect(again.status).toBe(400);
    expect(again.json()).toMatchObject({
      error_code: 'RESOURCE_ALREADY_EXISTS',
      message: expect.stringContaining(name),
      error: expect.any(String),
      request_id: expect.any(String),
    });
    const missing = await ask('GET', 'registered-models/get', { name: newName() });
    expect([missing.status, missing.json<{ error_code: string }>().error_code]).toEqual([
      404,
      'RESOURCE_DOES_NOT_EXIST',
    ]);
  });

  it('gives fifty versions that are created at once consecutive numbers', { timeout: 120_000 }, async () => {
    const name = newName();
    await ask('POST', 'registered-models/create', { name });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        ask('POST', 'model-versions/create', { name, source: `s3://bucket/${i}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const numbers = answers
      .map((answer) => Number(answer.json<{ model_version: { version: string } }>().model_version.version))
      .sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    const registry = new RegistryTable(dynamoDb(deployment), deployment.registryTable);
    expect((await registry.model(name)).versions).toHaveLength(50);
  });
});
