import { describe, expect, it } from 'vitest';
import { assertSpan, readPastTime } from '../../../../core/registry/past-time.ts';

const NOW = new Date('2026-11-25T03:00:00.000Z');
const read = (text: string) => readPastTime(text, 'asOf', NOW);

describe('a time in the past', () => {
  it.each([
    ['2026-03-03T12:00:00Z', '2026-03-03T12:00:00.000Z'],
    ['2026-03-03T12:00:00.1239Z', '2026-03-03T12:00:00.123Z'],
    ['2026-03-03T12:00:00+02:00', '2026-03-03T10:00:00.000Z'],
    ['2026-11-25T03:04:59Z', '2026-11-25T03:04:59.000Z'],
  ])('%s is %s', (text, time) => {
    expect(read(text)).toBe(time);
  });

  it.each([
    ['', 'no time'],
    ['yesterday', 'no time'],
    ['2026-03-03', 'no time'],
    ['2026-02-30T12:00:00Z', 'no time'],
    ['2026-03-03T12:00:00', 'no time'],
    ['2026-03-03T12:00Z', 'no time'],
    ['1772539200', 'no time'],
    ['2026-03-03T12:00:00 02:00', '%2B'],
    ['2026-11-25T03:06:00Z', 'yet to come'],
    ['9999-12-31T23:59:59Z', 'yet to come'],
  ])('%j is refused', (text, why) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        code: 'INVALID_TIME',
        statusCode: 400,
        message: expect.stringContaining(why),
      }),
    );
  });

  it('says which parameter is meant', () => {
    expect(() => read('soon')).toThrow(/^asOf is "soon"/);
  });
});

describe('a span', () => {
  it('may be empty, and may not end before it begins', () => {
    const [from, to] = ['2026-03-03T12:00:00.000Z', '2026-03-03T12:00:00.001Z'];
    expect(() => assertSpan({ from, to: from })).not.toThrow();
    expect(() => assertSpan({ from: to, to: from })).toThrow(
      expect.objectContaining({ code: 'INVALID_TIME' }),
    );
  });
});
