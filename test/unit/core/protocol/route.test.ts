import { describe, expect, it } from 'vitest';
import { findRoute } from '../../../../core/protocol/route.ts';

describe('routes', () => {
  it.each([
    ['GET', '/v2', 'server-metadata', 'describe'],
    ['GET', '/v2/', 'server-metadata', 'describe'],
    ['GET', '/v2/health/live', 'server-live', 'describe'],
    ['GET', '/v2/health/ready', 'server-ready', 'describe'],
    ['GET', '/v2/models', 'model-list', 'describe'],
    ['GET', '/v2/models/stats', 'statistics', 'describe'],
    ['POST', '/v2/repository/index', 'repository-index', 'describe'],
    ['GET', '/v2/trace/setting', 'tracing', 'describe'],
    ['POST', '/v2/logging', 'logging', 'describe'],
    ['GET', '/v2/systemsharedmemory/status', 'shared-memory', 'describe'],
    ['POST', '/v2/cudasharedmemory/region/r/register', 'shared-memory', 'describe'],
  ])('%s %s is %s', (method, path, name, action) => {
    expect(findRoute(method, path)).toEqual({ name, action, model: '' });
  });

  it.each([
    ['GET', '', 'model-metadata', 'describe'],
    ['GET', '/ready', 'model-ready', 'describe'],
    ['GET', '/config', 'model-config', 'describe'],
    ['GET', '/stats', 'statistics', 'describe'],
    ['POST', '/infer', 'infer', 'infer'],
    ['POST', '/generate', 'generate', 'infer'],
    ['POST', '/generate_stream', 'generate', 'infer'],
  ])('%s /v2/models/{m}[/versions/{v}]%s is %s', (method, suffix, name, action) => {
    expect(findRoute(method, `/v2/models/credit${suffix}`)).toEqual({ name, action, model: 'credit' });
    expect(findRoute(method, `/v2/models/credit/versions/v1.0_a-b${suffix}`)).toEqual({
      name,
      action,
      model: 'credit',
      version: 'v1.0_a-b',
    });
  });

  it.each(['load', 'unload'])('POST /v2/repository/models/{m}/%s needs an administrator', (name) => {
    const route = { name, action: 'administer', model: 'credit' };
    expect(findRoute('POST', `/v2/repository/models/credit/${name}`)).toEqual(route);
  });

  it('decodes the name of a model', () => {
    expect(findRoute('GET', '/v2/models/a%2Fb%20%C3%BC').model).toBe('a/b ü');
    expect(findRoute('GET', '/v2/models/__proto__').model).toBe('__proto__');
  });

  it.each([
    '/',
    '',
    '/v1',
    '/v2x',
    '/v2//',
    '/v2/models/',
    '/v2/models//infer',
    '/v2/models/credit/',
    '/v2/models/credit/unknown',
    '/v2/models/credit/versions',
    '/v2/models/credit/versions/',
    '/v2/models/credit/versions//infer',
    '/v2/models/credit/versions/a b/infer',
    '/v2/models/credit/versions/1%2F2/infer',
    '/v2/models/credit/versions/1/infer/more',
    '/v2/health',
    '/v2/systemsharedmemory',
    '/v2/repository/models/credit',
  ])('%j is not found', (path) => {
    expect(() => findRoute('GET', path)).toThrow(
      expect.objectContaining({ code: 'ENDPOINT_NOT_FOUND', statusCode: 404, message: 'Not Found' }),
    );
  });

  it.each([
    ['POST', '/v2', 'GET'],
    ['DELETE', '/v2/models/credit', 'GET'],
    ['GET', '/v2/models/credit/infer', 'POST'],
    ['PUT', '/v2/models/credit/versions/1/infer', 'POST'],
    ['get', '/v2/health/live', 'GET'],
    ['GET', '/v2/repository/index', 'POST'],
    ['POST', '/v2/models/stats', 'GET'],
  ])('%s %s is not allowed, and %s would be', (method, path, allow) => {
    expect(() => findRoute(method, path)).toThrow(
      expect.objectContaining({
        code: 'METHOD_NOT_ALLOWED',
        statusCode: 405,
        message: 'Method Not Allowed',
        headers: { allow },
      }),
    );
  });

  it('refuses percent signs that encode no text', () => {
    for (const path of ['/v2/models/%', '/v2/models/%zz', '/v2/models/%ff']) {
      expect(() => findRoute('GET', path)).toThrow(
        expect.objectContaining({ code: 'INVALID_PATH', statusCode: 400 }),
      );
    }
  });
});
