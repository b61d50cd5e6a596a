import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotFoundError } from '../../../../core/errors.ts';
import { type OriginFields, originOf } from '../../../../core/mlflow/version-source.ts';
import type { VersionRecord } from '../../../../core/registry/registry-records.ts';

const RUN = 'a'.repeat(32);
const VERSION = { source: 's3://bucket/first', storage: 'staging/first' } as VersionRecord;

const targets = {
  version: async (model: string, version: string) => {
    if (model === 'credit risk' && version === '2') return VERSION;
    throw new NotFoundError('VERSION_NOT_FOUND', 'no such version');
  },
};
const MODEL = { tags: {} };
const origin = (fields: OriginFields) => originOf(MODEL, fields, targets);

describe('a source', () => {
  it('on S3 is kept as it is, and never read', async () => {
    const fields = { source: 's3://bucket/some/key..with/dots', runId: RUN };
    expect(await origin(fields)).toEqual(fields);
  });

  it('among the artifacts of the run or logged model that is named is where the files lie', async () => {
    const source = `mlflow-artifacts:/0/${RUN}/artifacts/model`;
    expect(await origin({ source, runId: RUN })).toEqual({ source, runId: RUN, storage: source });
    const logged = 'mlflow-artifacts:/0/models/m-1/artifacts';
    expect(await origin({ source: logged, loggedModelId: 'm-1' })).toMatchObject({ storage: logged });
  });

  it('that is another version keeps its text, and points where that one does', async () => {
    for (const source of ['models:/credit risk/2', 'models:/credit%20risk/2']) {
      expect(await origin({ source })).toEqual({ source, storage: 'staging/first' });
    }
    await expect(origin({ source: 'models:/credit risk/3' })).rejects.toMatchObject({ statusCode: 404 });
  });

  it('that is a logged model has its run and its files', async () => {
    const source = 'models:/m-1';
    const withLogged = { ...targets, loggedModel: async () => ({ runId: RUN, storage: 'staging/logged' }) };
    expect(await originOf(MODEL, { source, loggedModelId: 'm-1' }, withLogged)).toEqual({
      source,
      loggedModelId: 'm-1',
      runId: RUN,
      storage: 'staging/logged',
    });
    await expect(origin({ source, loggedModelId: 'm-1' })).rejects.toMatchObject({ statusCode: 404 });
  });

  it('of a prompt is whatever a client sends', async () => {
    const prompt = { tags: { 'mlflow.prompt.is_prompt': 'true' } };
    expect(await originOf(prompt, { source: 'dummy-source' }, targets)).toEqual({ source: 'dummy-source' });
  });

  it.each([
    'model',
    '/tmp/model',
    './model',
    'C:\\models\\credit',
    'file:///tmp/model',
    'FILE:/tmp/model',
    'http://example.com/model',
    'https://example.com/model',
    'dbfs:/model',
    'runs:/abc/model',
    's3://bucket',
    's3://',
    's3:bucket/key',
    's3://bucket/../other',
    's3://bucket/a/..',
    's3://bucket/%2e%2e/other',
    's3://bucket/%2E./other',
    's3://bucket/%252e%252e/other',
    's3://bucket/%25252525252e%25252525252e/other',
    's3://bucket/a%2f..%2fother',
    's3://bucket/..\\other',
    `mlflow-artifacts:/0/${RUN}/artifacts`,
    `mlflow-artifacts:/0/x${RUN}/artifacts`,
    'models:/credit',
    'models:/credit/latest',
    'models:/credit/1/2',
    'models:/credit@champion',
    'models:/m-1',
  ])('is refused: %s', async (source) => {
    await expect(origin({ source })).rejects.toMatchObject({
      code: 'INVALID_PARAMETER_VALUE',
      statusCode: 400,
    });
  });

  it('never climbs out of its folder, however it is encoded', async () => {
    const encoded = (text: string, times: number): string =>
      times === 0 ? text : encoded(text.replaceAll('%', '%25').replaceAll('.', '%2e'), times - 1);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 9 }),
        fc.constantFrom('/', '%2f', '\\', '%5C'),
        async (times, slash) => {
          const source = `s3://bucket/a${slash}${encoded('..', times)}${slash}b`;
          await expect(origin({ source, runId: RUN })).rejects.toMatchObject({ statusCode: 400 });
        },
      ),
    );
  });
});
