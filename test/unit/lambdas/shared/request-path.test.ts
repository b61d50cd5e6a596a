import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestPath } from '../../../../lambdas/shared/request-path.ts';

const segment = fc.stringMatching(/^[a-zA-Z0-9_.%-]{1,8}$/);
const segments = (minLength: number) =>
  fc.array(segment, { minLength, maxLength: 4 }).map((names) => names.map((name) => `/${name}`).join(''));
const event = (path: string, resource: string, proxy?: string) => ({
  path,
  resource,
  pathParameters: proxy === undefined ? null : { proxy },
});

describe('the path of a request', () => {
  it('is what follows the base path of a custom domain, whatever that is called', () => {
    fc.assert(
      fc.property(segments(0), segments(1), segments(1), (base, mounted, rest) => {
        const sent = `${base}${mounted}${rest}`;
        expect(requestPath(event(sent, `${mounted}/{proxy+}`, rest.slice(1)))).toBe(`${mounted}${rest}`);
        expect(requestPath(event(`${base}${mounted}`, mounted))).toBe(mounted);
      }),
    );
  });

  it.each([
    ['as it was sent, without a base path', '/v2/models/a', '/v2/{proxy+}', 'models/a', '/v2/models/a'],
    ['without a base path of two segments', '/ml/eu/v2/models/a', '/v2/{proxy+}', 'models/a', '/v2/models/a'],
    ['without a base path that is called v2', '/v2/v2/models/a', '/v2/{proxy+}', 'models/a', '/v2/models/a'],
    ['whole where the name of a model is v2', '/v2/models/v2', '/v2/{proxy+}', 'models/v2', '/v2/models/v2'],
    ['with its last slash', '/ml/v2/', '/v2', undefined, '/v2/'],
    ['with the slash after a model', '/ml/v2/models/', '/v2/{proxy+}', 'models', '/v2/models/'],
    ['with its escapes', '/ml/v2/models/a%2Fb', '/v2/{proxy+}', 'models/a/b', '/v2/models/a%2Fb'],
    ['from the end of a whole segment', '/mlv2/v2/models', '/v2/{proxy+}', 'other', '/v2/models'],
    ['as it is where all paths are one resource', '/anything', '/{proxy+}', 'anything', '/anything'],
  ])('is %s', (_what, path, resource, proxy, expected) => {
    expect(requestPath(event(path, resource, proxy))).toBe(expected);
  });
});
