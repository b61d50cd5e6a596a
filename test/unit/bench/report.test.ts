import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figure, type Report, reportText, thisMachine } from '../../../bench/report.ts';

const REPORT: Report = {
  date: '2026-11-25T00:00:00.000Z',
  quick: false,
  machine: { ...thisMachine(), cpu: 'Some CPU' },
  outcomes: [
    {
      name: 'inference',
      title: 'A warm request',
      measurements: [{ name: 'handler', unit: 'ms', median: 0.1234, range: [0.1, 0.2], repetitions: 9 }],
    },
    { name: 'deploy', title: 'To the emulator', leftOut: 'There is no Python.' },
  ],
};

describe('a figure', () => {
  it('is right to half a per cent', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (value) => {
        expect(Math.abs(Number(figure(value)) / value - 1)).toBeLessThanOrEqual(0.0051);
      }),
    );
  });

  it('shows three digits that count', () => {
    expect([0.012345, 1.2345, 12.345, 123.45, 12345].map(figure)).toEqual([
      '0.0123',
      '1.23',
      '12.3',
      '123',
      '12345',
    ]);
  });
});

describe('a report', () => {
  it('names the machine, the figures with their range, and what was left out', () => {
    const text = reportText(REPORT);
    expect(text).toContain('Some CPU');
    expect(text).toMatch(/handler\s+0\.123\s+ms\s+0\.100 to 0\.200\s+9/);
    expect(text).toContain('left out: There is no Python.');
  });

  it('says whether a figure is what it ought to be, and what has to be known beside them', () => {
    const figures = { unit: 'times', range: [2, 2], repetitions: 1 } as const;
    const text = reportText({
      ...REPORT,
      outcomes: [
        {
          name: 'server',
          title: 'Beside its peers',
          notes: ['mosec is left out'],
          measurements: [
            { ...figures, name: 'ratio', median: 2, target: { atLeast: 2 } },
            { ...figures, name: 'p99', median: 2, target: { atMost: 1.9 } },
          ],
        },
      ],
    });
    expect(text).toContain('- mosec is left out');
    expect(text).toMatch(/ratio.*reached: at least 2$/m);
    expect(text).toMatch(/p99.*missed: at most 1\.9$/m);
  });

  it('says when its figures mean nothing', () => {
    expect(reportText(REPORT)).not.toContain('mean nothing');
    expect(reportText({ ...REPORT, quick: true })).toContain('mean nothing');
  });
});
