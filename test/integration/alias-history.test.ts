import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { writeLocalDeployment } from '../../aws/local-deployment.ts';
import { call, callAs } from '../support/deployment.ts';

const ROOT = join(import.meta.dirname, '../..');
const STRATA = join(ROOT, 'assets/cli/strata.mjs');
const ADD_SUB = join(ROOT, 'test/support/models/add_sub.onnx');

let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'alias-history-'));
  await writeLocalDeployment(project, inject('deployment'));
});
afterAll(() => rm(project, { recursive: true }));

async function strata(...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [STRATA, ...args], {
    cwd: project,
    reject: false,
    extendEnv: false,
    env: { PATH: process.env['PATH'] },
  });
  return { code: exitCode, out: stdout, err: stderr };
}

async function succeed(...args: string[]): Promise<string> {
  const { code, out, err } = await strata(...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

const json = async (...args: string[]) => JSON.parse(await succeed(...args, '--json'));

/** A model with versions 1 to `count`. */
async function newModel(count: number): Promise<string> {
  const model = `history-${randomUUID().slice(0, 8)}`;
  for (let version = 1; version <= count; version++) await succeed('register', ADD_SUB, '--name', model);
  return model;
}

describe('promoting and rolling back', () => {
  it('moves the champion, tells from where, and goes one further back each time', {
    timeout: 60_000,
  }, async () => {
    const model = await newModel(3);
    expect(await succeed('promote', `${model}@1`)).toBe(`${model}: champion points at version 1`);
    expect(await json('promote', `${model}@2`, '--reason', 'better')).toEqual({
      model,
      alias: 'champion',
      from: '1',
      to: '2',
    });
    await succeed('promote', `${model}@3`, '--alias', 'challenger');
    expect(await succeed('promote', `${model}@challenger`)).toBe(
      `${model}: champion points at version 3 (before: 2)`,
    );
    expect(await succeed('promote', `${model}@3`)).toBe(`${model}: champion already points at version 3`);
    expect(await succeed('rollback', model)).toBe(`${model}: champion is back at version 2 (before: 3)`);
    expect(await json('rollback', model, '--reason', 'worse')).toMatchObject({ from: '2', to: '1' });
    expect(await strata('rollback', model)).toMatchObject({
      code: 1,
      err: expect.stringContaining('NOTHING_TO_ROLL_BACK'),
    });
  });

  it.each([
    [['promote', 'credit'], 'INVALID_TARGET'],
    [['promote', '@1'], 'INVALID_TARGET'],
    [['promote', 'credit@v1'], 'INVALID_TARGET'],
    [['promote', 'no-such-model@1'], 'MODEL_NOT_FOUND'],
    [['promote', 'no-such-model@champion'], 'MODEL_NOT_FOUND'],
    [['rollback', 'no-such-model'], 'MODEL_NOT_FOUND'],
    [['history', 'no-such-model'], 'MODEL_NOT_FOUND'],
    [['history', 'credit', '--as-of', 'yesterday'], 'INVALID_TIME'],
    [['diff', 'credit', '--from', '2026-03-03'], 'INVALID_TIME'],
    [['diff', 'credit', '--from', '2026-03-03T12:00:00Z', '--to', '2026-03-02T12:00:00Z'], 'INVALID_TIME'],
    [['events', 'list'], 'NO_EVENTS_NAMED'],
    [['events', 'list', '--model', 'no-such-model'], 'MODEL_NOT_FOUND'],
    [['events', 'replay', '--all', '--from', '9999-01-01T00:00:00Z'], 'INVALID_TIME'],
  ])('%j is refused with %s', async (args, code) => {
    const answer = await strata(...args, '--json');
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(JSON.parse(answer.err)).toMatchObject({ error_code: code });
  });
});

describe('the history of a model', () => {
  it('is a timeline, the aliases at any time, and the difference between two', {
    timeout: 60_000,
  }, async () => {
    const model = await newModel(2);
    await succeed('promote', `${model}@1`, '--reason', 'the first');
    const { changes } = await json('history', model);
    const then = changes[0].time;
    await succeed('alias', model, 'challenger', '2');
    await succeed('promote', `${model}@2`, '--reason', 'better on March');

    const timeline = await succeed('history', model);
    expect(timeline.split('\n').map((line) => line.split(/ {2,}/).slice(1))).toEqual([
      ['alias', 'version', 'by', 'why'],
      ['champion', '1', expect.stringMatching(/^cli:/), 'the first'],
      ['challenger', '2', expect.stringMatching(/^cli:/)],
      ['champion', '1 -> 2', expect.stringMatching(/^cli:/), 'better on March'],
    ]);
    expect((await json('history', model, '--alias', 'challenger')).changes).toMatchObject([{ to: '2' }]);

    const past = await json('history', model, '--as-of', then);
    expect(past).toMatchObject({ asOf: then, aliases: { champion: { version: '1', reason: 'the first' } } });
    expect(Object.keys(past.aliases)).toEqual(['champion']);
    expect(await succeed('history', model, '--as-of', '2020-01-01T00:00:00Z')).toContain('was made later');

    expect((await json('diff', model, '--from', then)).aliases).toMatchObject([
      { alias: 'challenger', after: { version: '2' }, changes: 1 },
      { alias: 'champion', before: { version: '1' }, after: { version: '2' }, changes: 1 },
    ]);
    expect(await succeed('diff', model, '--from', then)).toMatch(
      /^champion +1 +2 +1 +cli:\S+ +better on March$/m,
    );
    expect(await succeed('diff', model, '--from', then, '--to', then)).toBe(
      'no alias was changed in between',
    );
  });
});

describe('where an alias pointed, over HTTP', () => {
  it('is answered as of any time, to those who may read the registry', { timeout: 60_000 }, async () => {
    const model = await newModel(2);
    await succeed('promote', `${model}@1`, '--reason', 'the first');
    await succeed('promote', `${model}@2`);
    const { changes } = await json('history', model);
    const path = `/strata/v1/models/${model}/aliases/champion`;

    const now = await callAs(['registry.read'], 'GET', path);
    expect([now.status, now.json()]).toEqual([
      200,
      {
        model,
        alias: 'champion',
        asOf: expect.any(String),
        version: '2',
        since: changes[1].time,
        actor: changes[1].actor,
      },
    ]);
    const then = await callAs(
      ['registry.read'],
      'GET',
      `${path}?asOf=${encodeURIComponent(changes[0].time)}`,
    );
    expect(then.json()).toMatchObject({ version: '1', reason: 'the first', asOf: changes[0].time });
    const all = await callAs(['registry.read'], 'GET', `/strata/v1/models/${model}/aliases`);
    expect(all.json()).toMatchObject({ aliases: { champion: { version: '2' } } });
    const history = await callAs(['registry.read'], 'GET', `${path}/history`);
    expect(history.json()).toEqual({ model, alias: 'champion', changes });

    const refused = await Promise.all([
      call('GET', path),
      callAs(['infer', 'registry.write', 'deploy'], 'GET', path),
      callAs(['registry.read'], 'GET', `${path}?asOf=yesterday`),
      callAs(['registry.read'], 'GET', `${path}?asOf=2020-01-01T00:00:00Z`),
      callAs(['registry.read'], 'GET', `/strata/v1/models/${model}/aliases/shadow`),
      callAs(['registry.read'], 'POST', path),
      callAs(['registry.read'], 'GET', '/strata/v1/models'),
    ]);
    expect(
      refused.map((answer) => [answer.status, answer.json<{ error_code: string }>().error_code]),
    ).toEqual([
      [401, 'UNAUTHENTICATED'],
      [403, 'PERMISSION_DENIED'],
      [400, 'INVALID_TIME'],
      [404, 'MODEL_NOT_FOUND'],
      [404, 'ALIAS_NOT_FOUND'],
      [405, 'METHOD_NOT_ALLOWED'],
      [404, 'ENDPOINT_NOT_FOUND'],
    ]);
  });
});
