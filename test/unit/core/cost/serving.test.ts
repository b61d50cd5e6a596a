import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instancesNeeded, realTimeEndpoint, serverlessEndpoint } from '../../../../core/cost/alternatives.ts';
import { type CostLine, totalCost } from '../../../../core/cost/cost-line.ts';
import { environments, servingCost, type Traffic } from '../../../../core/cost/serving.ts';

const MILLION = 1_000_000;
const traffic = (changes: Partial<Traffic> = {}): Traffic => ({
  requestsPerMonth: MILLION,
  milliseconds: 50,
  architecture: 'x86_64',
  ...changes,
});
const dollars = (lines: readonly CostLine[], what: string) =>
  lines.find((line) => line.what === what)?.dollars ?? Number.NaN;

const anyTraffic = fc.record({
  requestsPerMonth: fc.integer({ min: 0, max: 1e9 }),
  milliseconds: fc.integer({ min: 1, max: 10_000 }),
  architecture: fc.constantFrom('x86_64' as const, 'arm64' as const),
});

describe('the cost of serving', () => {
  it('is nothing without requests', () => {
    expect(totalCost(servingCost(traffic({ requestsPerMonth: 0 })))).toBe(0);
  });

  it('is for compute: memory times billed time times price', () => {
    // 1,000,000 x 0.05 s x 1,769/1,024 GB at $0.0000166667
    expect(dollars(servingCost(traffic()), 'Lambda: compute')).toBeCloseTo(1.43961, 4);
    expect(dollars(servingCost(traffic({ architecture: 'arm64' })), 'Lambda: compute')).toBeCloseTo(
      1.15169,
      4,
    );
  });

  it('bills begun milliseconds', () => {
    const begun = servingCost(traffic({ milliseconds: 0.2 }));
    expect(dollars(begun, 'Lambda: compute')).toBe(
      dollars(servingCost(traffic({ milliseconds: 1 })), 'Lambda: compute'),
    );
  });

  it('traces every request below one a second, and a twentieth of those above', () => {
    expect(dollars(servingCost(traffic()), 'X-Ray traces')).toBeCloseTo(5);
    const second = 730 * 3600;
    const busy = servingCost(traffic({ requestsPerMonth: 11 * second }));
    expect(dollars(busy, 'X-Ray traces')).toBeCloseTo((1.5 * second * 5) / MILLION, 6);
  });

  it('reads the registry once in ten seconds for each environment, however many requests come', () => {
    const reads = (requestsPerMonth: number) =>
      dollars(servingCost(traffic({ requestsPerMonth })), 'Registry: reads');
    expect(reads(MILLION)).toBeCloseTo((262_800 * 3 * 0.125) / MILLION, 6);
    expect(reads(2 * MILLION)).toBe(reads(MILLION));
    expect(reads(100)).toBeCloseTo((100 * 3 * 0.125) / MILLION, 9);
  });

  it('has a metric for each version that answers', () => {
    const metrics = (versions: number) => dollars(servingCost(traffic({ versions })), 'Metrics of infer');
    expect(metrics(2) - metrics(1)).toBeCloseTo(8 * 0.3);
  });

  it('never falls when there are more requests or when they take longer', () => {
    fc.assert(
      fc.property(anyTraffic, fc.nat(1e6), fc.nat(1000), (some, more, longer) => {
        const before = totalCost(servingCost(some));
        const { requestsPerMonth, milliseconds } = some;
        const after = servingCost({
          ...some,
          requestsPerMonth: requestsPerMonth + more,
          milliseconds: milliseconds + longer,
        });
        expect(totalCost(after)).toBeGreaterThanOrEqual(before - 1e-9);
      }),
    );
  });

  it('has environments enough for the flow', () => {
    fc.assert(
      fc.property(anyTraffic, (some) => {
        const busySeconds = (some.requestsPerMonth * some.milliseconds) / 1000;
        expect(environments(some) * 730 * 3600).toBeGreaterThanOrEqual(busySeconds);
      }),
    );
  });
});

describe('the cost of an endpoint of SageMaker', () => {
  it('is by the second for a serverless one', () => {
    const lines = serverlessEndpoint({ requestsPerMonth: MILLION, milliseconds: 50, bytes: 1000 });
    expect(totalCost(lines)).toBeCloseTo(50_000 * 0.00004 + 0.016);
  });

  it('is by the hour for one on instances, used or not', () => {
    expect(totalCost(realTimeEndpoint({ requestsPerMonth: 0, milliseconds: 50 }, 1))).toBeCloseTo(83.95);
  });

  it('grows with the instances that the flow needs, beyond those that run in any case', () => {
    const hundredMillion = { requestsPerMonth: 100 * MILLION, milliseconds: 50 };
    // 1.9 requests at once on average, and 1.2 that an instance may take.
    expect(instancesNeeded(hundredMillion, 1)).toBe(2);
    expect(instancesNeeded({ ...hundredMillion, requestsPerMonth: MILLION }, 2)).toBe(2);
  });
});
