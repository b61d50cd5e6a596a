import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ArtifactsBucket } from '../../aws/artifacts-bucket.ts';
import { s3 } from '../../aws/clients.ts';
import { registrations } from '../../aws/registrations.ts';
import type { Action } from '../../core/access/authorise.ts';
import { PROTOCOL_ROUTES } from '../../core/protocol/route.ts';
import { registerModel } from '../../core/registry/register-model.ts';
import { DeployedAccessRules } from '../support/access-rules.ts';
import { type Answer, call, token } from '../support/deployment.ts';
import { signIn, type Tokens } from '../support/people.ts';
import { TestIssuer } from '../support/token-issuer.ts';

const deployment = inject('deployment');
const rules = new DeployedAccessRules(deployment);

const suffix = randomUUID().slice(0, 8);
/** Rules let the team use its champion and its first version. */
const OPEN = `matrix-open-${suffix}`;
/** Rules let the team use its candidate only. */
const CANDIDATE = `matrix-candidate-${suffix}`;
/** No rule is about it. */
const CLOSED = `matrix-closed-${suffix}`;
const ABSENT = `matrix-absent-${suffix}`;

/** Every route, and what it needs. Written down anew: the router's own table is what is tested. */
const ROWS: Readonly<Record<string, Action>> = {
  'GET v2': 'describe',
  'GET v2/health/live': 'describe',
  'GET v2/health/ready': 'describe',
  'GET v2/models': 'describe',
  'GET v2/models/stats': 'describe',
  'GET v2/models/{model}': 'describe',
  'GET v2/models/{model}/versions/{version}': 'describe',
  'GET v2/models/{model}/ready': 'describe',
  'GET v2/models/{model}/versions/{version}/ready': 'describe',
  'GET v2/models/{model}/config': 'describe',
  'GET v2/models/{model}/versions/{version}/config': 'describe',
  'GET v2/models/{model}/stats': 'describe',
  'GET v2/models/{model}/versions/{version}/stats': 'describe',
  'POST v2/models/{model}/infer': 'infer',
  'POST v2/models/{model}/versions/{version}/infer': 'infer',
  '* v2/models/{model}/generate': 'infer',
  '* v2/models/{model}/versions/{version}/generate': 'infer',
  '* v2/models/{model}/generate_stream': 'infer',
  '* v2/models/{model}/versions/{version}/generate_stream': 'infer',
  '* v2/models/{model}/trace/setting': 'describe',
  'POST v2/repository/index': 'describe',
  'POST v2/repository/models/{model}/load': 'administer',
  'POST v2/repository/models/{model}/unload': 'administer',
  '* v2/trace/setting': 'describe',
  '* v2/logging': 'describe',
  '* v2/systemsharedmemory/*': 'describe',
  '* v2/cudasharedmemory/*': 'describe',
};

const ROUTES = Object.entries(ROWS).map(([key, action]) => {
  const [method = '', pattern = ''] = key.split(' ');
  return { key, method: method === '*' ? 'POST' : method, pattern, action };
});
const ABOUT_MODELS = ROUTES.filter(
  ({ pattern, action }) => pattern.includes('{model}') && action !== 'administer',
);
type MatrixRoute = (typeof ROUTES)[number];

const INFERENCE = JSON.stringify({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] }],
});

function ask(
  { method, pattern }: MatrixRoute,
  bearer: string | undefined,
  { model = OPEN, version = 'champion' } = {},
): Promise<Answer> {
  const path = pattern
    .replace('{model}', model)
    .replace('{version}', version)
    .replace('*', 'region/one/status');
  return call(method, `/${path}`, {
    headers: {
      'content-type': 'application/json',
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    },
    ...(pattern.endsWith('/infer') && { body: INFERENCE }),
  });
}

let team: Tokens;
let nobody: Tokens;
/** By action: a token that is good for other things. */
let otherwise: Readonly<Partial<Record<Action, string>>>;
let admin: string;

async function register(model: string, file: string, alias?: string): Promise<void> {
  const path = fileURLToPath(new URL(`../support/models/${file}.onnx`, import.meta.url));
  const registry = registrations(deployment, deployment);
  const artifacts = new ArtifactsBucket(s3(deployment), deployment.artifactsBucket);
  await registerModel({ model, path, alias }, { registry, artifacts });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await wait(250);
  }
}

const INFER = ROUTES.find(({ pattern }) => pattern === 'v2/models/{model}/infer') as MatrixRoute;
const statusOf = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).status;

beforeAll(async () => {
  for (const model of [OPEN, CANDIDATE, CLOSED]) {
    await register(model, 'identity_fp32');
    await register(model, 'fixed', 'champion');
    await register(model, 'fixed', 'candidate');
  }
  team = await signIn(deployment, ['infer', 'registry.read', 'fraud-team']);
  nobody = await signIn(deployment, []);
  admin = await token(['admin']);
  otherwise = {
    describe: (await signIn(deployment, ['feedback.write'])).access,
    infer: (await signIn(deployment, ['registry.read', 'fraud-team'])).access,
    administer: team.access,
  };
  await rules.put(
    {
      groups: ['fraud-team'],
      actions: ['infer', 'registry.read'],
      models: [OPEN],
      aliases: ['champion', '@1'],
    },
    {
      groups: ['fraud-team'],
      actions: ['infer', 'registry.read'],
      models: [CANDIDATE],
      aliases: ['candidate'],
    },
  );
  await until('the rules hold', async () => (await statusOf(INFER, team.access, { model: CLOSED })) === 403);
}, 120_000);
afterAll(() => rules.forget());

it('the matrix has a row for every route of the protocol, with the action that it needs', () => {
  const table = PROTOCOL_ROUTES.map(({ method, pattern, action }) => [`${method} ${pattern}`, action]);
  expect(Object.fromEntries(table)).toEqual(ROWS);
});

describe('who proves nothing is refused with 401', () => {
  const stranger = new TestIssuer();
  const issuer = () => `https://cognito-idp.${deployment.region}.amazonaws.com/${deployment.userPoolId}`;
  const claims = () => ({ iss: issuer(), scope: 'strata/infer strata/admin' });
  const identities: readonly [string, () => string | undefined][] = [
    ['no token', () => undefined],
    ['garbage', () => 'garbage'],
    ['a token in form only', () => 'a.b.c'],
    ['an expired token', () => stranger.token({ ...claims(), exp: 1_000_000_000 })],
    ['a token of another issuer', () => stranger.token({ ...claims(), iss: 'https://login.example.com' })],
    ['a token for another audience', () => stranger.token({ ...claims(), aud: 'another-service' })],
    ['a token that somebody else signed', () => stranger.token(claims())],
    ['a token whose signature was changed', () => changedSignature(admin)],
    [
      'a token with the signature of another',
      () => `${admin.slice(0, admin.lastIndexOf('.'))}.${signatureOf(team.access)}`,
    ],
    ['an identity token', () => team.identity],
  ];

  describe.each(identities)('%s', (_name, bearer) => {
    it.concurrent.each(ROUTES)('$key', async (route) => {
      const reply = await ask(route, bearer());
      expect(refusalOf(reply)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
      expect(reply.headers.get('www-authenticate')).toBe('Bearer');
    });
  });
});

describe('who is known is refused with 403', () => {
  it.concurrent.each(ROUTES)('without any scope: $key', async (route) => {
    expect(refusalOf(await ask(route, nobody.access))).toEqual(DENIED);
  });

  it.concurrent.each(ROUTES)('with another scope: $key', async (route) => {
    expect(refusalOf(await ask(route, otherwise[route.action]))).toEqual(DENIED);
  });

  it.concurrent.each(ABOUT_MODELS)('with the scope, but no rule for the model: $key', async (route) => {
    const reply = await ask(route, team.access, { model: CLOSED });
    expect(refusalOf(reply)).toEqual(DENIED);
    expect(reply.json<{ error: string }>().error).toContain(CLOSED);
  });

  it.concurrent.each(ABOUT_MODELS)('in the same words when there is no such model: $key', async (route) => {
    const [closed, absent] = await Promise.all(
      [CLOSED, ABSENT].map(async (model) => textOf(await ask(route, team.access, { model }), model)),
    );
    expect(absent).toEqual(closed);
  });

  it.concurrent.each(ABOUT_MODELS)('with a rule for another alias of the model: $key', async (route) => {
    const byVersion = route.pattern.includes('{version}');
    const asked = byVersion
      ? [
          { model: OPEN, version: 'candidate' },
          { model: OPEN, version: '2' },
          { model: OPEN, version: '99' },
          { model: CANDIDATE, version: '3' },
          { model: CANDIDATE, version: 'champion' },
        ]
      : [{ model: CANDIDATE }];
    const replies = await Promise.all(asked.map((one) => ask(route, team.access, one)));
    expect(replies.map(refusalOf)).toEqual(asked.map(() => DENIED));
  });
});

describe('who has scope and rule is let in', () => {
  const REFUSALS = [401, 403, 429, 500, 502, 503, 504];
  it.concurrent.each(ROUTES)('$key', async (route) => {
    const bearer = route.action === 'administer' ? admin : team.access;
    const open = [
      { model: OPEN },
      ...(route.pattern.includes('{version}') ? [{ model: CANDIDATE, version: 'candidate' }] : []),
    ];
    for (const one of open) expect(REFUSALS).not.toContain(await statusOf(route, bearer, one));
  });

  it.concurrent.each(ROUTES)('as an administrator whatever the rules say: $key', async (route) => {
    expect(REFUSALS).not.toContain(await statusOf(route, admin, { model: CLOSED }));
  });

  it('and gets an answer of the version that the rule opens', async () => {
    const byNumber = ROUTES.find(({ pattern }) => pattern.endsWith('{version}/infer')) as MatrixRoute;
    const answers = [
      await ask(INFER, team.access),
      await ask(byNumber, team.access, { version: '1' }),
      await ask(byNumber, team.access, { model: CANDIDATE, version: 'candidate' }),
    ];
    const versions = answers.map(({ json }) => json<{ model_version: string }>().model_version);
    expect(versions).toEqual(['2', '1', '3']);
  });
});

describe('lists show what the caller may see, and nothing else', () => {
  const json = async (key: string, bearer: string): Promise<unknown> => {
    return (await ask(ROUTES.find((route) => route.key === key) as MatrixRoute, bearer)).json();
  };

  it('of models', async () => {
    expect(await json('GET v2/models', team.access)).toEqual({ models: [CANDIDATE, OPEN] });
    const all = (await json('GET v2/models', admin)) as { models: string[] };
    expect(all.models).toEqual(expect.arrayContaining([CANDIDATE, CLOSED, OPEN]));
  });

  it('of versions', async () => {
    const index = (await json('POST v2/repository/index', team.access)) as {
      name: string;
      version: string;
    }[];
    expect(index.map(({ name, version }) => `${name} ${version}`)).toEqual([
      `${CANDIDATE} 3`,
      `${OPEN} 1`,
      `${OPEN} 2`,
    ]);
    expect(await json('GET v2/models/{model}', team.access)).toMatchObject({ versions: ['1', '2'] });
  });
});

describe('rules that cannot be read', () => {
  it('let nobody in but administrators, until they can be read again', async () => {
    const broken = ((await rules.table.current())?.revision ?? 0) + 1;
    await rules.putUnchecked(broken, '{"version": 2}');
    await until('the broken rules are noticed', async () => (await statusOf(INFER, team.access)) === 503);
    expect(refusalOf(await ask(INFER, team.access))).toEqual({
      status: 503,
      code: 'ACCESS_RULES_UNAVAILABLE',
    });
    expect(await statusOf(INFER, admin)).toBe(200);

    await rules.delete(broken);
    await until('the rules hold again', async () => (await statusOf(INFER, team.access)) === 200);
    expect(await statusOf(INFER, team.access, { model: CLOSED })).toBe(403);
  }, 90_000);
});

const DENIED = { status: 403, code: 'PERMISSION_DENIED' };

/** Status and code of a refusal, which has the one body that every client reads. */
function refusalOf(answer: Answer): { readonly status: number; readonly code: unknown } {
  const body = answer.json<Record<string, unknown>>();
  expect(Object.keys(body).toSorted()).toEqual(['error', 'error_code', 'message', 'request_id']);
  return { status: answer.status, code: body['error_code'] };
}

const signatureOf = (jwt: string): string => jwt.slice(jwt.lastIndexOf('.') + 1);

/** The last character of a signature may carry unused bits; the first never does. */
function changedSignature(jwt: string): string {
  const signature = signatureOf(jwt);
  return `${jwt.slice(0, -signature.length)}${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
}

/** What a refusal says, without what is different in each: the name that was asked for and the id of the request. */
function textOf({ status, json }: Answer, model: string): object {
  const { error, error_code } = json<{ error: string; error_code: string }>();
  return { status, error_code, error: error.replaceAll(model, '<model>') };
}
