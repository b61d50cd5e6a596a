import { describe, expect, it } from 'vitest';
import { growthOf, SoakRecord } from '../../../scripts/soak/soak-report.ts';
import { soakServer } from '../../../scripts/soak/soak-server.ts';
import { soakHandler } from '../../../scripts/soak.ts';

const SECONDS = 20;

describe('under everything at once, for a short time', () => {
  it('the server and the function answer right, and their memory has bounds', async () => {
    const reports = await Promise.all([soakServer(SECONDS * 1000), soakHandler(SECONDS * 1000)]);
    for (const { failures, settledBytes, endBytes } of reports) {
      expect(failures).toEqual([]);
      // `tsx scripts/soak.ts` asks for a tenth after minutes; here the heap is still growing into its size.
      expect(endBytes).toBeLessThan(settledBytes * 1.8);
    }
    const [served, handled] = reports;
    expect(Object.values(served?.counts ?? {}).every((count) => count > 0)).toBe(true);
    expect(handled?.counts['models changed']).toBeGreaterThan(3);
  }, 90_000);
});

describe('a soak', () => {
  it('compares the memory at the end with that after the warm-up', () => {
    const record = new SoakRecord();
    for (const megabytes of [10, 90, 100, 100, 100, 100, 100, 100, 110, 130]) record.sample(megabytes);
    const report = record.report('x');
    expect(report).toMatchObject({ settledBytes: 100, endBytes: 130, peakBytes: 130 });
    expect(growthOf(report)).toBeCloseTo(0.3);
  });
});
