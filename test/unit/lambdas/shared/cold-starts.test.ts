import { describe, expect, it } from 'vitest';
import { coldStarts } from '../../../../lambdas/shared/cold-starts.ts';

describe('a cold start', () => {
  it('is the first request of an environment, and no other', () => {
    const isColdStart = coldStarts({ AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand' });
    expect([isColdStart(), isColdStart(), isColdStart()]).toEqual([true, false, false]);
  });

  it('does not happen where environments are started ahead of requests', () => {
    expect(coldStarts({ AWS_LAMBDA_INITIALIZATION_TYPE: 'provisioned-concurrency' })()).toBe(false);
  });
});
