import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { remainingMs, withinTime } from '../../../../lambdas/shared/remaining-time.ts';

describe('the time that is left', () => {
  it('is that of the invocation at hand, though several are under way', async () => {
    const seen = await Promise.all(
      [100, 200, 300].map((left) =>
        withinTime({ getRemainingTimeInMillis: () => left }, async () => {
          await turn();
          const first = remainingMs();
          await turn();
          return [first, remainingMs()];
        }),
      ),
    );
    expect(seen).toEqual([
      [100, 100],
      [200, 200],
      [300, 300],
    ]);
  });

  it('is not known outside of an invocation', () => {
    expect(remainingMs()).toBeUndefined();
  });
});
