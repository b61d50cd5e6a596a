import { createHash, randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  GetObjectAttributesCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { accessToken } from '../../aws/access-token.ts';
import { ArtifactsBucket, artifactKey } from '../../aws/artifacts-bucket.ts';
import { cognito, dynamoDb, s3 } from '../../aws/clients.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import type { Artifact } from '../../core/registry/model-version.ts';
import { registerModel } from '../../core/registry/register-model.ts';
import { ARTIFACT_PREFIX } from '../../lib/contracts/registry-layout.ts';

const MODELS = join(import.meta.dirname, '../support/models');
const ADD_SUB = join(MODELS, 'add_sub.onnx');
const FIXED = join(MODELS, 'fixed.onnx');

const deployment = inject('deployment');
const documents = dynamoDb(deployment);
const objects = s3(deployment);
const registry = new RegistryTable(documents, deployment.registryTable);
const artifacts = new ArtifactsBucket(objects, deployment.artifactsBucket);

/** Every test has a model of its own, so that tests do not see each other. */
const newModel = () => `model-${randomUUID()}`;
const register = (path: string, model: string, alias?: string) =>
  registerModel({ path, model, alias, actor: 'test' }, { artifacts, registry });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

async function artifactOf(path: string): Promise<Artifact> {
  return { digest: await sha256(path), size: (await readFile(path)).length };
}

/** What a refused registration must not change. */
async function everything(): Promise<unknown> {
  const { Items } = await documents.send(new ScanCommand({ TableName: deployment.registryTable }));
  const { Contents } = await objects.send(new ListObjectsV2Command({ Bucket: deployment.artifactsBucket }));
  return { items: Items?.length, objects: Contents?.map(({ Key }) => Key) };
}

async function partition(pk: string): Promise<Record<string, unknown>[]> {
  const { Items } = await documents.send(
    new QueryCommand({
      TableName: deployment.registryTable,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
    }),
  );
  return Items ?? [];
}

async function modelId(model: string): Promise<string> {
  const [pointer] = await partition(`NAME#${model}`);
  return pointer?.['modelId'] as string;
}

describe('a registered model', () => {
  it('is listed, described and resolved by number and by alias', async () => {
    const model = newModel();
    const version = await register(ADD_SUB, model, 'champion');

    expect(version).toMatchObject({
      model,
      version: '1',
      status: 'READY',
      artifact: await artifactOf(ADD_SUB),
    });
    expect(version.description.inputs.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(await registry.modelNames()).toContain(model);
    const { description: _description, ...summary } = version;
    expect(await registry.model(model)).toMatchObject({
      name: model,
      createdAt: version.createdAt,
      versions: [{ ...summary, source: `sha256:${version.artifact.digest}`, author: 'test' }],
      aliases: { champion: '1' },
    });
    for (const wanted of [undefined, 'champion', '1']) {
      expect(await registry.resolve(model, wanted)).toEqual(version);
    }
  });

  it('counts its versions from 1 and lists them in that order beyond nine', async () => {
    const model = newModel();
    for (let number = 1; number <= 11; number++) {
      expect((await register(ADD_SUB, model)).version).toBe(String(number));
    }
    const { versions } = await registry.model(model);
    expect(versions.map(({ version }) => version)).toEqual(
      Array.from({ length: 11 }, (_, index) => String(index + 1)),
    );
  });

  it('may have any name that is one path segment', async () => {
    const model = `Größe "µ" % ? # ${randomUUID()}`;
    await register(ADD_SUB, model, 'champion');
    expect((await registry.resolve(model)).model).toBe(model);
    expect(await registry.modelNames()).toContain(model);
  });

  it('hands its bytes back from the artifact store', async () => {
    const { artifact } = await register(ADD_SUB, newModel());
    expect(await buffer(await artifacts.open(artifact))).toEqual(await readFile(ADD_SUB));
  });
});

describe('fifty registrations at once', () => {
  it('give consecutive numbers of one new model and lose none', { timeout: 120_000 }, async () => {
    const model = newModel();
    const versions = await Promise.all(
      Array.from({ length: 50 }, () =>
        registerModel(
          { path: ADD_SUB, model },
          { artifacts, registry: new RegistryTable(documents, deployment.registryTable) },
        ),
      ),
    );
    const numbers = versions.map(({ version }) => Number(version)).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect((await registry.model(model)).versions).toHaveLength(50);
    expect(await partition(`OUTBOX#${await modelId(model)}`)).toHaveLength(50);
  });

  it('that claim one alias leave it at one of them, with an unbroken log', { timeout: 60_000 }, async () => {
    const model = newModel();
    await Promise.all(Array.from({ length: 10 }, () => register(ADD_SUB, model, 'champion')));
    const log = await partition(`LOG#${await modelId(model)}`);
    const targets = log.map(({ to }) => to);
    const sources = log.map(({ from }) => from);
    expect(new Set(targets).size).toBe(10);
    // Each move starts where another ended; one starts at nothing, and where none starts the alias is now.
    expect(sources.filter((from) => from === undefined)).toHaveLength(1);
    expect(targets.filter((to) => !sources.includes(to)).map(String)).toEqual([
      (await registry.resolve(model)).version,
    ]);
  });
});

describe('a refused registration', () => {
  it.each([
    { case: 'bytes that are no model', bytes: Buffer.from('not a model'), code: 'NOT_ONNX' },
    { case: 'an empty file', bytes: Buffer.alloc(0), code: 'NOT_ONNX' },
  ])('of $case leaves nothing behind', async ({ bytes, code }) => {
    const path = join(folder, `${randomUUID()}.onnx`);
    await writeFile(path, bytes);
    const before = await everything();
    await expect(register(path, newModel(), 'champion')).rejects.toMatchObject({ code, statusCode: 400 });
    expect(await everything()).toEqual(before);
  });

  it('of a truncated model leaves nothing behind', async () => {
    const path = join(folder, 'truncated.onnx');
    const whole = await readFile(ADD_SUB);
    await writeFile(path, whole.subarray(0, whole.length / 2));
    const before = await everything();
    await expect(register(path, newModel())).rejects.toMatchObject({ statusCode: 400 });
    expect(await everything()).toEqual(before);
  });

  it.each([
    { model: 'a/b', alias: undefined, code: 'INVALID_MODEL_NAME' },
    { model: 'stats', alias: undefined, code: 'INVALID_MODEL_NAME' },
    { model: 'credit', alias: 'latest', code: 'INVALID_ALIAS' },
    { model: 'credit', alias: '7', code: 'INVALID_ALIAS' },
  ])('for the name $model and alias $alias leaves nothing behind', async ({ model, alias, code }) => {
    const before = await everything();
    await expect(register(ADD_SUB, model, alias)).rejects.toMatchObject({ code });
    expect(await everything()).toEqual(before);
  });
});

describe('an alias', () => {
  it('moves forth and back, and says from where', async () => {
    const model = newModel();
    await register(ADD_SUB, model, 'champion');
    await register(FIXED, model);

    const forth = { model, alias: 'champion', version: '2' };
    expect(await registry.setAlias(forth)).toEqual({ model, alias: 'champion', from: '1', to: '2' });
    expect((await registry.resolve(model)).version).toBe('2');
    expect(await registry.setAlias({ ...forth, version: '1' })).toMatchObject({ from: '2', to: '1' });
    expect((await registry.resolve(model)).version).toBe('1');
  });

  it('that points there already is not moved: no log entry, no event', async () => {
    const model = newModel();
    await register(ADD_SUB, model, 'champion');
    const id = await modelId(model);
    const before = [await partition(`LOG#${id}`), await partition(`OUTBOX#${id}`)];
    expect(await registry.setAlias({ model, alias: 'champion', version: '1' })).toMatchObject({
      from: '1',
      to: '1',
    });
    expect([await partition(`LOG#${id}`), await partition(`OUTBOX#${id}`)]).toEqual(before);
  });

  it('cannot point at what is not there', async () => {
    const model = newModel();
    await expect(registry.setAlias({ model, alias: 'champion', version: '1' })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    await register(ADD_SUB, model);
    await expect(registry.setAlias({ model, alias: 'champion', version: '2' })).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
    });
  });
});

describe('a lookup of what is not there', () => {
  it('names the missing model, version or champion', async () => {
    const model = newModel();
    await expect(registry.resolve(model)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await expect(registry.model(model)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await register(ADD_SUB, model);
    await expect(registry.resolve(model)).rejects.toMatchObject({ code: 'NO_CHAMPION' });
    await expect(registry.resolve(model, '2')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
    await expect(registry.resolve(model, 'shadow')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
    await expect(registry.resolve('', '1')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('says that an artifact is not stored', async () => {
    const artifact = { digest: '0'.repeat(64), size: 1 };
    await expect(artifacts.open(artifact)).rejects.toMatchObject({ code: 'ARTIFACT_UNAVAILABLE' });
  });
});

describe('the artifact store', () => {
  async function randomFile(name: string, bytes: number): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, Buffer.alloc(bytes, randomUUID()));
    return path;
  }

  it('creates an object once, under its digest', async () => {
    const path = await randomFile('once.bin', 1000);
    const artifact = await artifactOf(path);
    expect(artifactKey(artifact)).toBe(`${ARTIFACT_PREFIX}${artifact.digest}`);
    expect(await artifacts.put(artifact, path)).toBe('created');
    expect(await artifacts.put(artifact, path)).toBe('already there');
  });

  it('lets one of several simultaneous uploads create it, and fails none', async () => {
    const path = await randomFile('raced.bin', 1000);
    const artifact = await artifactOf(path);
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => artifacts.put(artifact, path)));
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
  });

  it('sends a large file in parts, tells the progress and gives the same bytes back', async () => {
    const path = await randomFile('large.bin', 20 * 1024 * 1024 + 1);
    const artifact = await artifactOf(path);
    const told: number[] = [];
    expect(await artifacts.put(artifact, path, (bytes) => told.push(bytes))).toBe('created');
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(artifact.size);
    expect((await buffer(await artifacts.open(artifact))).equals(await readFile(path))).toBe(true);
  });

  it.each([
    { size: 'small', bytes: 1000 },
    { size: 'large', bytes: 20 * 1024 * 1024 },
  ])('stores nothing of a $size file that changed since it was described', async ({ size, bytes }) => {
    const path = await randomFile(`changed-${size}.bin`, bytes);
    const artifact = await artifactOf(path);
    await appendFile(path, 'more');
    await expect(artifacts.put(artifact, path)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    await expect(artifacts.open(artifact)).rejects.toMatchObject({ code: 'ARTIFACT_UNAVAILABLE' });
    const { Uploads } = await objects.send(
      new ListMultipartUploadsCommand({ Bucket: deployment.artifactsBucket }),
    );
    expect(Uploads ?? []).toEqual([]);
  });

  it('keeps the SHA-256 that S3 itself checked', async () => {
    const { artifact } = await register(FIXED, newModel());
    const { Checksum } = await objects.send(
      new GetObjectAttributesCommand({
        Bucket: deployment.artifactsBucket,
        Key: artifactKey(artifact),
        ObjectAttributes: ['Checksum'],
      }),
    );
    expect(Checksum?.ChecksumSHA256).toBe(Buffer.from(artifact.digest, 'hex').toString('base64'));
  });
});

describe('a token for machines', () => {
  it('carries the scopes that were asked for and no others', async () => {
    const { token, expiresInSeconds } = await accessToken(cognito(deployment), deployment, [
      'infer',
      'registry.read',
    ]);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      scope: string;
    };
    expect(claims.scope.split(' ').sort()).toEqual(['strata/infer', 'strata/registry.read']);
    expect(expiresInSeconds).toBeGreaterThan(0);
  });
});
