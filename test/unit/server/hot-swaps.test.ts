import { expect, it } from 'vitest';
import { hotSwaps } from '../../../scripts/hot-swaps.ts';

it('a file is replaced again and again without a failed request, and the memory comes to rest', async () => {
  const { failures, settledBytes, endBytes } = await hotSwaps(150);
  expect(failures).toBe(0);
  // The long form, `tsx scripts/hot-swaps.ts`, asks for a tenth; here the process has hardly settled.
  expect(endBytes).toBeLessThan(settledBytes * 1.3);
}, 60_000);
