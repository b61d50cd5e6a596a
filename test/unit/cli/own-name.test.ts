import { describe, expect, it } from 'vitest';
import { asCalledHere, ownName, whereTheUserIs } from '../../../cli/own-name.ts';

describe('the program', () => {
  it.each([
    { by: 'its name', environment: {}, name: 'strata' },
    { by: 'npx', environment: { npm_lifecycle_event: 'npx' }, name: 'npx strata' },
    {
      by: 'the script of a checkout',
      environment: { npm_lifecycle_event: 'strata' },
      name: 'npm run --silent strata --',
    },
    { by: 'its name in another script', environment: { npm_lifecycle_event: 'test' }, name: 'strata' },
  ])('that was started by $by is called $name', ({ environment, name }) => {
    expect(ownName(environment)).toBe(name);
    expect(asCalledHere('see `strata models`, or `strata alias m champion 1`', environment)).toBe(
      `see \`${name} models\`, or \`${name} alias m champion 1\``,
    );
  });

  it('is where the user is, not where npm runs its scripts', () => {
    expect(
      whereTheUserIs({ npm_lifecycle_event: 'strata', INIT_CWD: '/home/me/data' }, '/home/me/strata'),
    ).toEqual({ directory: '/home/me/data', package: '/home/me/strata' });
  });

  it('is where it was started when another script or nobody started it for npm', () => {
    expect(whereTheUserIs({}, '/a')).toEqual({ directory: '/a' });
    expect(whereTheUserIs({ npm_lifecycle_event: 'test', INIT_CWD: '/b' }, '/a')).toEqual({
      directory: '/a',
    });
  });
});
