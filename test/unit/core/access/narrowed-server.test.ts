import { beforeEach, describe, expect, it } from 'vitest';
import { AccessControl } from '../../../../core/access/access-control.ts';
import type { AccessRule } from '../../../../core/access/access-document.ts';
import { AccessRules } from '../../../../core/access/access-rules.ts';
import type { OpenInferenceServerOptions } from '../../../../core/protocol/open-inference-server.ts';
import { ADMIN, CALLER, modelVersion, registryOf, serve, spec } from '../protocol/in-memory.ts';

const inputs = [spec('x', 'FP32', 1)];
const VERSIONS = [
  modelVersion('credit', inputs),
  modelVersion('fraud', inputs),
  modelVersion('fraud', inputs, { version: '2' }),
  modelVersion('fraud', inputs, { version: '3' }),
];
const ALIASES = { fraud: { champion: '2', candidate: '3' }, credit: { champion: '1' } };
const BODY = { inputs: [{ name: 'x', shape: [1], datatype: 'FP32', data: [1] }] };

type Refused = Parameters<NonNullable<OpenInferenceServerOptions['onRefusal']>>;
let refused: Refused[];
beforeEach(() => {
  refused = [];
});

function serveBy(rule: Partial<AccessRule>) {
  const rules = new AccessRules({
    version: 1,
    rules: [{ principals: ['caller'], actions: ['infer'], models: ['fraud'], ...rule }],
  });
  return serve(VERSIONS, {
    registry: registryOf(VERSIONS, ALIASES),
    access: new AccessControl({ current: async () => ({ revision: 1, time: '', rules }) }),
    onRefusal: (...refusal) => refused.push(refusal),
  });
}

describe('a server with access rules', () => {
  it('answers for the models that the caller may use', async () => {
    const { call } = serveBy({ aliases: ['champion', '@1'] });
    const answers = await Promise.all([
      call('POST', '/v2/models/fraud/infer', { body: BODY }),
      call('POST', '/v2/models/fraud/versions/champion/infer', { body: BODY }),
      call('POST', '/v2/models/fraud/versions/1/infer', { body: BODY }),
    ]);
    expect(answers.map(({ status, json }) => [status, json['model_version']])).toEqual([
      [200, '2'],
      [200, '2'],
      [200, '1'],
    ]);
    expect(refused).toEqual([]);
  });

  it.each(['/v2/models/{}', '/v2/models/{}/ready', '/v2/models/{}/config', '/v2/models/{}/versions/7'])(
    'refuses GET %s alike whether there is such a model or not',
    async (path) => {
      const { call } = serveBy({});
      const texts = await Promise.all(
        ['credit', 'nobody', 'Fraud'].map(async (model) => {
          const { status, json } = await call('GET', path.replace('{}', model));
          expect(status).toBe(403);
          expect(json['error_code']).toBe('PERMISSION_DENIED');
          return String(json['error']).replace(model, '');
        }),
      );
      expect(new Set(texts).size).toBe(1);
    },
  );

  it('refuses versions that no rule opens, be they there or not', async () => {
    const { call } = serveBy({ aliases: ['champion'] });
    for (const version of ['1', '2', '9', 'candidate', 'nothing']) {
      const { status } = await call('POST', `/v2/models/fraud/versions/${version}/infer`, { body: BODY });
      expect([version, status]).toEqual([version, 403]);
    }
  });

  it('does not run, load or describe what it refuses', async () => {
    const { call, runner } = serveBy({});
    await call('POST', '/v2/models/credit/infer', { body: BODY });
    expect(runner.runs).toEqual([]);
    expect(runner.loaded).toEqual([]);
  });

  it('lists no more than the caller may see', async () => {
    const { call } = serveBy({ aliases: ['champion', '@1'] });
    expect((await call('GET', '/v2/models')).json).toEqual({ models: ['fraud'] });
    expect((await call('POST', '/v2/repository/index')).json).toMatchObject([
      { name: 'fraud', version: '1' },
      { name: 'fraud', version: '2' },
    ]);
    expect((await call('GET', '/v2/models/fraud')).json['versions']).toEqual(['1', '2']);
    expect((await call('GET', '/v2/models/fraud/config')).json['versions']).toEqual(['1', '2']);
  });

  it('lists nothing, and still answers, for a caller whom no rule names', async () => {
    const { call } = serveBy({ principals: ['somebody-else'] });
    expect((await call('GET', '/v2/models')).json).toEqual({ models: [] });
    expect((await call('POST', '/v2/repository/index')).json).toEqual([]);
    expect((await call('GET', '/v2/health/ready')).status).toBe(200);
  });

  it('shows an administrator everything', async () => {
    const { call } = serveBy({});
    expect((await call('GET', '/v2/models', { as: ADMIN })).json).toEqual({ models: ['credit', 'fraud'] });
  });

  it('tells of each refusal: who, what, which model and why', async () => {
    const { call } = serveBy({});
    await call('POST', '/v2/models/credit/infer', { body: BODY });
    await call('POST', '/v2/models/fraud/infer', {
      body: BODY,
      as: { id: 'other', scopes: ['registry.read'] },
    });
    expect(refused.map(([refusal, { id }, { requestId }]) => ({ ...refusal, id, requestId }))).toEqual([
      { reason: 'rule', action: 'infer', model: 'credit', id: 'caller', requestId: 'request-1' },
      { reason: 'scope', action: 'infer', model: 'fraud', id: 'other', requestId: 'request-1' },
    ]);
  });

  it('refuses although nobody can be told', async () => {
    const { call, internalErrors } = serve(VERSIONS, {
      onRefusal: () => {
        throw new Error('no log');
      },
      onInternalError: (error) => internalErrors.push(error),
    });
    const answer = await call('POST', '/v2/models/fraud/infer', { as: { ...CALLER, scopes: [] } });
    expect(answer.status).toBe(403);
    expect(internalErrors).toMatchObject([{ message: 'no log' }]);
  });

  it('answers 503 when its rules cannot be read', async () => {
    const { call } = serve(VERSIONS, {
      access: new AccessControl({ current: () => Promise.reject(new Error('broken')) }),
    });
    const answer = await call('POST', '/v2/models/fraud/infer', { body: BODY });
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBeDefined();
    expect(answer.json).toMatchObject({ error_code: 'ACCESS_RULES_UNAVAILABLE' });
    expect(answer.text).not.toContain('broken');
  });
});
