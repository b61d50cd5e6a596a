import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { mlflowRoutes } from '../../core/mlflow/mlflow-server.ts';
import { DeployedAccessRules } from '../support/access-rules.ts';
import { type Answer, call, callAs, token } from '../support/deployment.ts';
import { signIn, type Tokens } from '../support/people.ts';
import { TestIssuer } from '../support/token-issuer.ts';

const deployment = inject('deployment');
const rules = new DeployedAccessRules(deployment);

const suffix = randomUUID().slice(0, 8);
/** Rules let the team read and write it. */
const OPEN = `registry-open-${suffix}`;
/** No rule is about it. */
const CLOSED = `registry-closed-${suffix}`;
const ABSENT = `registry-absent-${suffix}`;

/** Every route, and what it needs. Written down anew: the server's own table is what is tested. */
const ROWS: Readonly<Record<string, 'read' | 'write' | 'move'>> = {
  'GET server-info': 'read',
  'POST registered-models/create': 'write',
  'GET registered-models/get': 'read',
  'PATCH registered-models/update': 'write',
  'POST registered-models/rename': 'write',
  'DELETE registered-models/delete': 'write',
  'GET registered-models/search': 'read',
  'POST registered-models/get-latest-versions': 'read',
  'GET registered-models/get-latest-versions': 'read',
  'POST registered-models/set-tag': 'write',
  'DELETE registered-models/delete-tag': 'write',
  'POST registered-models/alias': 'move',
  'DELETE registered-models/alias': 'move',
  'GET registered-models/alias': 'read',
  'POST model-versions/create': 'write',
  'GET model-versions/get': 'read',
  'PATCH model-versions/update': 'write',
  'POST model-versions/transition-stage': 'write',
  'DELETE model-versions/delete': 'write',
  'GET model-versions/search': 'read',
  'GET model-versions/get-download-uri': 'read',
  'POST model-versions/set-tag': 'write',
  'DELETE model-versions/delete-tag': 'write',
};

const ROUTES = Object.entries(ROWS).map(([key, action]) => {
  const [method = '', path = ''] = key.split(' ');
  return { key, method, path, action };
});
type RegistryRoute = (typeof ROUTES)[number];

/** Lists and the server say nothing of a single model. */
const ABOUT_MODELS = ROUTES.filter(({ path }) => !/search|server-info/.test(path));

/** Fields of all routes at once: each reads its own. */
const fieldsFor = (name: string) => ({
  name,
  new_name: `${name}-renamed`,
  version: '7',
  alias: 'shadow',
  key: 'team',
  value: 'risk',
  stage: 'Staging',
  source: 's3://bucket/model',
  description: '',
});

function ask({ method, path }: RegistryRoute, bearer: string | undefined, name = OPEN): Promise<Answer> {
  const fields = fieldsFor(name);
  const isGet = method === 'GET';
  const query = isGet ? `?${new URLSearchParams(/search/.test(path) ? {} : fields).toString()}` : '';
  return call(method, `/api/2.0/mlflow/${path}${query}`, {
    headers: {
      'content-type': 'application/json',
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    },
    ...(!isGet && { body: JSON.stringify(fields) }),
  });
}

const DENIED = { status: 403, code: 'PERMISSION_DENIED' };

/** Status and code of a refusal, which has the one body that every client reads. */
function refusalOf(answer: Answer): { readonly status: number; readonly code: unknown } {
  const body = answer.json<Record<string, unknown>>();
  expect(Object.keys(body).toSorted()).toEqual(['error', 'error_code', 'message', 'request_id']);
  return { status: answer.status, code: body['error_code'] };
}

let team: Tokens;
let nobody: Tokens;
let admin: string;

beforeAll(async () => {
  for (const name of [OPEN, CLOSED]) {
    const body = JSON.stringify({ name });
    await callAs(['registry.write'], 'POST', '/api/2.0/mlflow/registered-models/create', { body });
  }
  team = await signIn(deployment, ['registry.read', 'registry.write', 'registry-team']);
  nobody = await signIn(deployment, []);
  admin = await token(['admin']);
  await rules.put({
    groups: ['registry-team'],
    actions: ['registry.read', 'registry.write'],
    models: [`${OPEN}*`],
  });
  const get = ROUTES.find(({ path }) => path === 'registered-models/get') as RegistryRoute;
  const deadline = Date.now() + 30_000;
  while ((await ask(get, team.access, CLOSED)).status !== 403) {
    if (Date.now() > deadline) throw new Error('the rules do not hold in time');
    await wait(250);
  }
}, 120_000);
afterAll(() => rules.forget());

it('the matrix has a row for every route of the registry, with the action that it needs', () => {
  const table = mlflowRoutes({ registry: {} as never })
    .filter(({ pattern }) => /^mlflow\/(registered-models|model-versions|server-info)/.test(pattern))
    .map(({ method, pattern, action }) => [`${method} ${pattern.replace('mlflow/', '')}`, action]);
  expect(Object.fromEntries(table)).toEqual(ROWS);
});

describe('who proves nothing is refused with 401', () => {
  const stranger = new TestIssuer();
  const iss = `https://cognito-idp.${deployment.region}.amazonaws.com/${deployment.userPoolId}`;
  const identities: readonly [string, () => string | undefined][] = [
    ['no token', () => undefined],
    ['garbage', () => 'garbage'],
    ['a token that somebody else signed', () => stranger.token({ iss, scope: 'strata/admin' })],
    ['an identity token', () => team.identity],
  ];

  describe.each(identities)('%s', (_name, bearer) => {
    it.concurrent.each(ROUTES)('$key', async (route) => {
      expect(refusalOf(await ask(route, bearer()))).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    });
  });
});

describe('who is known is refused with 403', () => {
  it.concurrent.each(ROUTES)('without any scope: $key', async (route) => {
    expect(refusalOf(await ask(route, nobody.access))).toEqual(DENIED);
  });

  it.concurrent.each(ROUTES)('with another scope: $key', async (route) => {
    const other = await token([route.action === 'read' ? 'registry.write' : 'registry.read']);
    expect(refusalOf(await ask(route, other))).toEqual(DENIED);
    expect(refusalOf(await ask(route, await token(['infer'])))).toEqual(DENIED);
  });

  it.concurrent.each(ABOUT_MODELS)(
    'without a rule, in the same words when there is no such model: $key',
    async (route) => {
      const [closed, absent] = await Promise.all(
        [CLOSED, ABSENT].map(async (name) => {
          const answer = await ask(route, team.access, name);
          expect(refusalOf(answer)).toEqual(DENIED);
          return answer.json<{ error: string }>().error.replaceAll(name, '<model>');
        }),
      );
      expect(absent).toBe(closed);
    },
  );
});

describe('who has scope and rule is let in', () => {
  const REFUSALS = [401, 403, 429, 500, 502, 503, 504];
  // Deleting and renaming are tried with a name that nobody has.
  it.concurrent.each(ROUTES)('$key', async (route) => {
    const { status } = await ask(route, team.access, `${OPEN}-absent`);
    expect(REFUSALS).not.toContain(status);
  });

  it.concurrent.each(ROUTES)('as an administrator whatever the rules say: $key', async (route) => {
    expect(REFUSALS).not.toContain((await ask(route, admin, ABSENT)).status);
  });

  it('and sees in searches what the rules open', async () => {
    const search = ROUTES.find(({ path }) => path === 'registered-models/search') as RegistryRoute;
    const found = (await ask(search, team.access)).json<{ registered_models: { name: string }[] }>();
    const names = found.registered_models.map(({ name }) => name);
    expect(names).toContain(OPEN);
    expect(names).not.toContain(CLOSED);
  });
});
