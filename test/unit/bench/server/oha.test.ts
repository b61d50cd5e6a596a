import { describe, expect, it } from 'vitest';
import { seen } from '../../../../bench/server/client/oha.ts';

/** As oha 1.16.0 prints it, without what is not read. */
const PRINTED = {
  summary: { successRate: 1, total: 3.001986435, requestsPerSec: 10635.624341187271 },
  latencyPercentiles: { p10: 0.00303174, p50: 0.004702977, p99: 0.027801633, 'p99.9': 0.097388244 },
  statusCodeDistribution: { '200': 31864 },
  errorDistribution: { 'aborted due to deadline': 64 },
};

const read = (changes: Partial<Record<keyof typeof PRINTED, unknown>> = {}) =>
  seen(JSON.stringify({ ...PRINTED, ...changes }));

describe('what oha saw', () => {
  it('is told in answers per second and milliseconds', () => {
    const { answers, perSecond, p50Ms, p99Ms } = read();
    expect(answers).toBe(31864);
    expect(perSecond).toBeCloseTo(31864 / 3.001986435, 6);
    expect(p50Ms).toBeCloseTo(4.702977, 6);
    expect(p99Ms).toBeCloseTo(27.801633, 6);
  });

  it('holds no requests against a server that were under way at the end', () => {
    expect(read().failures).toEqual({});
  });

  it('names refusals by their status and broken connections by their error', () => {
    const { answers, failures } = read({
      statusCodeDistribution: { '200': 10, '503': 2 },
      errorDistribution: { 'aborted due to deadline': 64, 'connection closed': 3 },
    });
    expect(answers).toBe(10);
    expect(failures).toEqual({ '503': 2, 'connection closed': 3 });
  });

  it('is no answer at all when there was none', () => {
    const nothing = read({ statusCodeDistribution: {}, latencyPercentiles: { p50: null, p99: null } });
    expect(nothing.answers).toBe(0);
    expect(nothing.p99Ms).toBeNaN();
  });
});
