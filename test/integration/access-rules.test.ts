import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { dynamoDb } from '../../aws/clients.ts';
import { writeLocalDeployment } from '../../aws/local-deployment.ts';
import { runCommandLine } from '../../cli/command-line.ts';
import type { AccessDocument } from '../../core/access/access-document.ts';
import { DeployedAccessRules } from '../support/access-rules.ts';

const deployment = inject('deployment');
const rules = new DeployedAccessRules(deployment);

const documentOf = (...models: string[]): AccessDocument => ({
  version: 1,
  rules: [rules.open, { groups: ['team'], actions: ['infer'], models: ['none', ...models] }],
});

beforeEach(() => rules.forget());
afterAll(() => rules.forget());

describe('access rules in the table', () => {
  it('are none until somebody puts some', async () => {
    expect(await rules.table.current()).toBeUndefined();
    expect(await rules.table.revision(1)).toBeUndefined();
    expect(await rules.table.history(10)).toEqual([]);
  });

  it('are kept in every revision, with who put it and when', async () => {
    await rules.table.put({ document: documentOf('a'), replaces: 0, actor: 'ann' });
    await rules.table.put({ document: documentOf('b'), replaces: 1, actor: 'bob' });

    const current = await rules.table.current();
    expect(current).toMatchObject({ revision: 2, actor: 'bob' });
    expect(current?.rules.document).toEqual(documentOf('b'));
    expect((await rules.table.revision(1))?.rules.document).toEqual(documentOf('a'));
    const history = await rules.table.history(10);
    expect(history.map(({ revision, actor }) => [revision, actor])).toEqual([
      [2, 'bob'],
      [1, 'ann'],
    ]);
    for (const { time } of history) expect(Date.now() - Date.parse(time)).toBeLessThan(60_000);
  });

  it('keep the order in which the document was written', async () => {
    const text = '{"version":1,"rules":[{"models":["m"],"actions":["infer"],"principals":["p"]}]}';
    await rules.table.put({ document: JSON.parse(text) as AccessDocument, replaces: 0 });
    expect(JSON.stringify((await rules.table.current())?.rules.document)).toBe(text);
  });

  it('of two authors who started from the same revision take the first, and tell the other', async () => {
    await rules.table.put({ document: documentOf('a'), replaces: 0, actor: 'ann' });
    const late = rules.table.put({ document: documentOf('b'), replaces: 0, actor: 'bob' });
    await expect(late).rejects.toMatchObject({
      code: 'ACCESS_RULES_CHANGED',
      statusCode: 409,
      message: expect.stringMatching(/revision 1, put by ann/),
    });
    await expect(rules.table.put({ document: documentOf('b'), replaces: 7 })).rejects.toMatchObject({
      code: 'ACCESS_RULES_CHANGED',
    });
    expect((await rules.table.current())?.rules.document).toEqual(documentOf('a'));
  });

  it('lose no update when many put at once: each revision was made from the one before', async () => {
    const authors = Array.from({ length: 8 }, (_, index) => `author-${index}`);
    await Promise.all(authors.map(addModel));

    const [, rule] = (await rules.table.current())?.rules.document.rules ?? [];
    expect(new Set(rule?.models)).toEqual(new Set(['none', ...authors]));
    const history = await rules.table.history(100);
    expect(history.map(({ revision }) => revision)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    expect(new Set(history.map(({ actor }) => actor))).toEqual(new Set(authors));
  });

  /** Reads, adds one model, puts; and all over again when somebody else was faster. */
  async function addModel(model: string): Promise<void> {
    const current = await rules.table.current();
    const models = current?.rules.document.rules[1]?.models.slice(1) ?? [];
    const put = { document: documentOf(...models, model), replaces: current?.revision ?? 0, actor: model };
    try {
      await rules.table.put(put);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ACCESS_RULES_CHANGED') throw error;
      await addModel(model);
    }
  }

  it('tell of each change in the outbox, in the same transaction', async () => {
    await rules.table.put({ document: documentOf(), replaces: 0, actor: 'ann' });
    const { Items = [] } = await dynamoDb(deployment).send(
      new QueryCommand({
        TableName: deployment.registryTable,
        KeyConditionExpression: 'pk = :outbox',
        ExpressionAttributeValues: { ':outbox': 'OUTBOX#ACCESS' },
        ScanIndexForward: false,
      }),
    );
    expect(Items[0]?.['event']).toMatchObject({
      specversion: '1.0',
      type: 'strata.registry.access-rules-changed',
      subject: 'access-rules',
      data: { revision: '1', actor: 'ann' },
    });
  });

  it('are refused when they are larger than an item can be', async () => {
    const models = Array.from({ length: 1000 }, (_, index) => `${index}-${'x'.repeat(250)}`);
    const rule = { ...rules.open, models };
    const document: AccessDocument = { version: 1, rules: [rule, rule] };
    await expect(rules.table.put({ document, replaces: 0 })).rejects.toMatchObject({
      code: 'ACCESS_RULES_TOO_LARGE',
      statusCode: 400,
    });
  });
});

describe('strata access', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'access-'));
    await writeLocalDeployment(directory, deployment);
  });
  afterAll(() => rm(directory, { recursive: true }));

  async function strata(args: readonly string[], stdin = '') {
    const written = { out: '', err: '' };
    const into = (stream: 'out' | 'err') =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          written[stream] += chunk.toString();
          done();
        },
      });
    const code = await runCommandLine(['access', ...args], {
      stdin: Readable.from([stdin]),
      stdout: into('out'),
      stderr: into('err'),
      environment: {},
      directory,
    });
    return { code, ...written };
  }

  const json = async (...args: string[]): Promise<unknown> => {
    const { code, out, err } = await strata([...args, '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out);
  };

  const put = async (name: string, document: unknown, ...more: string[]) => {
    await writeFile(join(directory, name), JSON.stringify(document));
    return strata(['put', name, ...more]);
  };

  it('shows that there are none', async () => {
    expect(await strata(['show'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('no access rules'),
    });
    expect(await json('show')).toEqual({ revision: 0 });
    expect(await json('check', '--principal', 'x', '--action', 'infer', '--model', 'm')).toEqual({
      allowed: true,
      revision: 0,
    });
  });

  it('puts a document, and shows it so that it can be put again', async () => {
    const first = await put('rules.json', documentOf('a'));
    expect(first).toMatchObject({ code: 0, out: 'the access rules are at revision 1: 2 rules\n', err: '' });

    const shown = await strata(['show']);
    expect(shown).toMatchObject({ code: 0, err: expect.stringMatching(/^revision 1, put by cli:.+ at 20/) });
    expect(JSON.parse(shown.out)).toEqual(documentOf('a'));

    expect(await strata(['put', '-', '--replaces', '1'], shown.out)).toMatchObject({ code: 0 });
    expect(await json('show')).toMatchObject({ revision: 2, document: documentOf('a') });
    expect(await json('show', '--revision', '1')).toMatchObject({ revision: 1 });
    expect(await json('show', '--history')).toMatchObject({ revisions: [{ revision: 2 }, { revision: 1 }] });
  });

  it('overwrites nothing that its author has not seen', async () => {
    await put('rules.json', documentOf('a'));
    const blind = await put('other.json', documentOf('b'));
    expect(blind).toMatchObject({ code: 1, out: '' });
    expect(blind.err).toMatch(
      /at revision 1, put by cli:.*\[ACCESS_RULES_CHANGED\]\nhint: `strata access show`/,
    );
    expect(await json('show')).toMatchObject({ revision: 1 });
  });

  it.each<[string, unknown, string]>([
    ['a misspelt word', { version: 1, rules: [{ ...rules.open, model: ['x'] }] }, 'INVALID_ACCESS_RULES'],
    ['no document', 'text', 'INVALID_ACCESS_RULES'],
  ])('puts no document with %s', async (_what, document, code) => {
    const refused = await put('wrong.json', document, '--json');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(JSON.parse(refused.err)).toMatchObject({ error_code: code });
    expect(await rules.table.current()).toBeUndefined();
  });

  it('puts no file that is not there or not JSON', async () => {
    expect((await strata(['put', 'nothing.json'])).err).toContain('[INPUT_NOT_FOUND]');
    expect((await strata(['put', '-'], 'rules:')).err).toContain('[INVALID_JSON]');
  });

  it('says whether the rules allow something, and by which', async () => {
    await put('rules.json', documentOf('fraud-*'));
    const ask = ['check', '--principal', 'ann', '--action', 'infer', '--model', 'fraud-eu'];
    expect(await json(...ask, '--group', 'people', 'team')).toEqual({ allowed: true, rule: 1, revision: 1 });
    expect(await json(...ask)).toEqual({ allowed: false, revision: 1 });
    expect((await strata([...ask, '--group', 'team'])).out).toBe(
      'allowed with the scope infer, by rules[1] of revision 1\n',
    );
    expect((await strata(ask)).out).toMatch(/^refused: no rule of revision 1 allows it/);
  });

  it('asks a document before it is put', async () => {
    const draft = {
      version: 1,
      rules: [{ principals: ['ann'], actions: ['infer'], models: ['m'], aliases: ['champion', '@3'] }],
    };
    await writeFile(join(directory, 'draft.json'), JSON.stringify(draft));
    const allowed = async (...alias: string[]) =>
      json(
        'check',
        '--file',
        'draft.json',
        '--principal',
        'ann',
        '--action',
        'infer',
        '--model',
        'm',
        ...alias,
      );
    expect(await allowed()).toEqual({ allowed: true, rule: 0 });
    expect(await allowed('--alias', '3')).toEqual({ allowed: true, rule: 0 });
    expect(await allowed('--alias', '4')).toEqual({ allowed: false });
  });

  it('says how it is called', async () => {
    const wrong = await strata(['check', '--principal', 'a', '--action', 'fly', '--model', 'm', '--json']);
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(JSON.parse(wrong.err)).toMatchObject({ error_code: 'USAGE' });
    expect((await strata(['show', '--revision', 'one'])).code).toBe(2);
    expect((await strata(['show', '--revision', '9'])).err).toContain('[ACCESS_REVISION_NOT_FOUND]');
  });
});
