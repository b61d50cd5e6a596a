import { describe, expect, it } from 'vitest';
import { type Action, authorise } from '../../../../core/access/authorise.ts';
import { PermissionDeniedError } from '../../../../core/errors.ts';
import { SCOPES, type Scope } from '../../../../lib/contracts/access.ts';

const SUFFICIENT: Record<Action, readonly Scope[]> = {
  infer: ['infer', 'admin'],
  describe: ['infer', 'registry.read', 'admin'],
  administer: ['admin'],
  read: ['registry.read', 'admin'],
  write: ['registry.write', 'admin'],
  deploy: ['deploy', 'admin'],
  move: ['registry.write', 'deploy', 'admin'],
};

const cases = Object.entries(SUFFICIENT).flatMap(([action, sufficient]) =>
  SCOPES.map((scope) => ({ action: action as Action, scope, isEnough: sufficient.includes(scope) })),
);

describe('authorise', () => {
  it.each(cases.filter(({ isEnough }) => isEnough))('$scope is enough for $action', ({ action, scope }) => {
    expect(() => authorise({ id: 'someone', scopes: [scope] }, action)).not.toThrow();
  });

  it.each(cases.filter(({ isEnough }) => !isEnough))(
    '$scope is not enough for $action',
    ({ action, scope }) => {
      expect(() => authorise({ id: 'someone', scopes: [scope] }, action)).toThrow(PermissionDeniedError);
    },
  );

  it('refuses a caller without scopes, and names the scopes that would do', () => {
    const attempt = () => authorise({ id: 'someone', scopes: [] }, 'describe');
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'PERMISSION_DENIED',
        statusCode: 403,
        message: expect.stringContaining('"infer" or "registry.read" or "admin"'),
      }),
    );
  });
});
