import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchPace } from '../../../../core/engine/batch-pace.ts';

/** A pace that has seen many runs of the sizes that it allowed, on a model with the costs given in milliseconds. */
function learned(fixed: number, perRow: number, sizes: readonly number[] = []): BatchPace {
  const pace = new BatchPace(25, 256);
  for (let i = 0; i < 200; i++) {
    const rows = sizes[i % sizes.length] ?? pace.maxRows();
    pace.learn(rows, fixed + perRow * rows);
  }
  return pace;
}

describe('how many rows are merged', () => {
  it('is one before anything is known', () => {
    expect(new BatchPace(25, 256).maxRows()).toBe(1);
  });

  it('grows to the most that are allowed where a run costs the same whatever its size', () => {
    expect(learned(0.2, 0.0001).maxRows()).toBe(256);
  });

  it('stays within the target', () => {
    const rows = learned(5, 1).maxRows();
    expect(5 + rows).toBeLessThanOrEqual(26);
    expect(rows).toBeGreaterThan(8);
  });

  it('is as many as lose next to nothing of what the model can answer, and no more', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 10, noNaN: true }),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        (fixed, perRow) => {
          const rows = learned(fixed, perRow, [1, 2, 5, 200]).maxRows();
          const isMost = rows === 256 || fixed + (rows + 1) * perRow > 24.9;
          const each = (count: number) => fixed / count + perRow;
          expect(isMost || each(rows + 1) <= 1.03 * perRow * 1.001).toBe(true);
          expect(rows === 1 || each(rows - 1) >= 1.03 * perRow * 0.999).toBe(true);
        },
      ),
    );
  });

  it('is one where a row costs as much beside others as alone', () => {
    expect(learned(0.01, 5, [1, 2, 1, 3]).maxRows()).toBe(1);
  });

  it('is one where a single row takes longer than the target', () => {
    expect(learned(10, 100).maxRows()).toBe(1);
  });

  it('does not follow from one slow run, small or large', () => {
    for (const slow of [1, 2, 64]) {
      const pace = new BatchPace(25, 256);
      for (let i = 0; i < 40; i++) {
        const rows = i === 3 ? slow : pace.maxRows();
        pace.learn(rows, i === 3 ? 20 : 0.04 + 0.0005 * rows);
      }
      expect(pace.maxRows()).toBe(256);
    }
  });

  it('is tried with several runs before merging is given up', () => {
    const pace = new BatchPace(25, 256);
    const tried: number[] = [];
    for (let i = 0; i < 30; i++) {
      const rows = pace.maxRows();
      tried.push(rows);
      pace.learn(rows, 0.001 + rows);
    }
    const merged = tried.filter((rows) => rows > 1).length;
    expect(merged).toBeGreaterThanOrEqual(8);
    expect(merged).toBeLessThan(12);
    expect(tried.at(-1)).toBe(1);
  });

  it('is learned anew when the model becomes slow', () => {
    const pace = learned(0.2, 0.001);
    for (let i = 0; i < 2000; i++) pace.learn(1 + (i % 8), 5 + 5 * (1 + (i % 8)));
    expect(pace.maxRows()).toBeLessThanOrEqual(4);
  });
});
