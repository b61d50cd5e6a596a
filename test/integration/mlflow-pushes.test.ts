import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { dynamoDb } from '../../aws/clients.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import { mlflowRoutes } from '../../core/mlflow/mlflow-server.ts';
import type { Scope } from '../../lib/contracts/access.ts';
import { type Answer, call, callAs, token } from '../support/deployment.ts';

const deployment = inject('deployment');
const WRITER: readonly Scope[] = ['registry.read', 'registry.write'];

/** As a client asks; redirects are followed by hand, to see them. */
function ask(method: string, path: string, fields: object = {}, scopes = WRITER): Promise<Answer> {
  const query =
    method === 'GET' ? `?${new URLSearchParams(fields as Record<string, string>).toString()}` : '';
  return callAs(scopes, method, `/api/2.0/${path}${query}`, {
    headers: { 'content-type': 'application/json' },
    ...(method !== 'GET' && { body: JSON.stringify(fields) }),
  });
}

async function newLoggedModel() {
  const created = await ask('POST', 'mlflow/logged-models', { experiment_id: '0', name: 'credit' });
  const { info } = created.json<{ model: { info: { model_id: string; artifact_uri: string } } }>().model;
  return { id: info.model_id, folder: info.artifact_uri.replace('mlflow-artifacts:/', '') };
}

function put(folder: string, name: string, body: Uint8Array): Promise<Answer> {
  return callAs(WRITER, 'PUT', `/api/2.0/mlflow-artifacts/artifacts/${folder}/${name}`, {
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(body),
  });
}

async function download(path: string): Promise<Buffer> {
  const presigned = await ask('GET', `mlflow-artifacts/presigned/${path}`);
  const { url } = presigned.json<{ url: string }>();
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

describe('files that are pushed', () => {
  it('are stored as they come when they are small, and empty ones, too', async () => {
    const { folder } = await newLoggedModel();
    for (const bytes of [Buffer.alloc(0), randomBytes(1000)]) {
      expect((await put(folder, 'file.bin', bytes)).status).toBe(200);
      expect((await download(`${folder}/file.bin`)).equals(bytes)).toBe(true);
    }
  });

  it('go to S3 by a redirect when they are larger, and only as many bytes as were asked for', async () => {
    const { folder } = await newLoggedModel();
    const bytes = randomBytes(1024 * 1024 + 1);
    const answer = await fetch(
      `${deployment.endpoint}/api/2.0/mlflow-artifacts/artifacts/${folder}/model.onnx`,
      {
        method: 'PUT',
        headers: { authorization: `Bearer ${await token(WRITER)}` },
        body: bytes,
        redirect: 'manual',
      },
    );
    expect(answer.status).toBe(307);
    const location = answer.headers.get('location') as string;
    expect(new URL(location).searchParams.get('X-Amz-SignedHeaders')).toContain('content-length');
    expect((await fetch(location, { method: 'PUT', body: bytes })).status).toBe(200);
    expect((await download(`${folder}/model.onnx`)).equals(bytes)).toBe(true);
  });

  it('go to S3 in parts, by the addresses that the function signed', async () => {
    const { folder } = await newLoggedModel();
    const parts = [randomBytes(5 * 1024 * 1024), randomBytes(1000)];
    const path = '/home/ann/model.onnx';
    const created = await ask('POST', `mlflow-artifacts/mpu/create/${folder}`, { path, num_parts: 2 });
    const { upload_id, credentials } = created.json<{
      upload_id: string;
      credentials: { url: string; part_number: number }[];
    }>();
    const uploaded = await Promise.all(
      credentials.map(async ({ url, part_number }) => {
        const body = parts[part_number - 1] as Buffer;
        const { headers } = await fetch(url, { method: 'PUT', body: body as never });
        return { part_number, etag: headers.get('etag'), url };
      }),
    );
    const fields = { path, upload_id, parts: uploaded };
    expect((await ask('POST', `mlflow-artifacts/mpu/complete/${folder}`, fields)).status).toBe(200);
    expect((await download(`${folder}/model.onnx`)).equals(Buffer.concat(parts))).toBe(true);
  });

  it('are refused, not failed, where there is no such upload, or none of its parts', async () => {
    const { folder } = await newLoggedModel();
    const created = await ask('POST', `mlflow-artifacts/mpu/create/${folder}`, { path: 'x', num_parts: 1 });
    const { upload_id } = created.json<{ upload_id: string }>();
    for (const id of ['none', upload_id]) {
      const parts = [{ part_number: 1, etag: '"none"' }];
      const fields = { path: 'x', upload_id: id, parts };
      const answer = await ask('POST', `mlflow-artifacts/mpu/complete/${folder}`, fields);
      expect([answer.status, answer.json<{ error_code: string }>().error_code]).toEqual([
        400,
        'INVALID_PARAMETER_VALUE',
      ]);
    }
    expect((await ask('POST', `mlflow-artifacts/mpu/abort/${folder}`, { path: 'x', upload_id })).status).toBe(
      200,
    );
    expect((await ask('GET', `mlflow-artifacts/presigned/${folder}/x`)).status).toBe(404);
  });

  it('are copied for a version, which keeps them', async () => {
    const { id, folder } = await newLoggedModel();
    const name = `pushed-${randomUUID()}`;
    await put(folder, 'data/weights%20%26.bin', Buffer.from('first'));
    await ask('PATCH', `mlflow/logged-models/${id}`, { status: 'LOGGED_MODEL_READY' });
    await ask('POST', 'mlflow/registered-models/create', { name });
    const source = { name, source: `models:/${id}`, model_id: id };
    expect((await ask('POST', 'mlflow/model-versions/create', source)).status).toBe(200);
    await put(folder, 'data/weights%20%26.bin', Buffer.from('second'));
    const found = await ask('GET', 'mlflow/model-versions/get-download-uri', { name, version: '1' });
    const files = found.json<{ artifact_uri: string }>().artifact_uri.replace('mlflow-artifacts:/', '');
    expect(String(await download(`${files}/data/weights%20%26.bin`))).toBe('first');
  });
});

describe('every route', () => {
  const registry = new RegistryTable(dynamoDb(deployment), deployment.registryTable);
  const routes = mlflowRoutes({ registry, pushes: {} as never }).map(({ method, pattern, action }) => ({
    method,
    action,
    path: `/api/2.0/${pattern.replace(/\{\w+\}/g, 'x').replace('*', '0/x/artifacts/x')}`,
  }));

  it('is more than those of the registry alone', () => {
    expect(routes.length).toBeGreaterThan(mlflowRoutes({ registry }).length + 25);
  });

  it.concurrent.each(routes)('wants a token: $method $path', async ({ method, path }) => {
    expect((await call(method, path)).status).toBe(401);
  });

  it.concurrent.each(routes)(
    'wants the scope for what it does: $method $path',
    async ({ method, path, action }) => {
      const others: readonly Scope[] = action === 'read' ? ['registry.write'] : ['registry.read'];
      for (const scopes of [['infer'] as const, others]) {
        expect((await callAs(scopes, method, path)).status).toBe(403);
      }
    },
  );
});
