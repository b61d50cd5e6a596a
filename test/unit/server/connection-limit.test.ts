import { describe, expect, it } from 'vitest';
import { connectionLimit } from '../../../server/connection-limit.ts';

describe('connections that are taken', () => {
  it.each([
    [undefined, 4096],
    [1_000_000, 4096],
    [1024, 896],
    [256, 128],
    [10, 5],
    [1, 1],
  ])('of a process that may open %s files: %d', (files, connections) => {
    expect(connectionLimit(files)).toBe(connections);
  });

  it('are limited by what this process may open', () => {
    expect(connectionLimit()).toBeGreaterThan(0);
    expect(connectionLimit()).toBeLessThanOrEqual(4096);
  });
});
