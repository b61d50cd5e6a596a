import { styleText } from 'node:util';
import { NEEDS } from './check.ts';
import type { CheckResult } from './run-suite.ts';
import { type Score, scoresOf } from './score.ts';

/** What the suite says of one server. */
export interface Report {
  readonly url: string;
  readonly results: readonly CheckResult[];
  readonly durationMs: number;
}

/** For programs: one object, with every check in it. */
export function jsonReport({ url, results, durationMs }: Report): string {
  return JSON.stringify({
    url,
    duration_ms: Math.round(durationMs),
    scores: scoresOf(results),
    checks: results,
  });
}

const LONGEST_REASON = 8;

/** For people: what failed and why, what was left out, and the score. @param hasColours for terminals */
export function textReport({ url, results, durationMs }: Report, hasColours: boolean): string {
  const colour = (name: 'red' | 'green' | 'yellow' | 'dim' | 'bold', text: string) =>
    hasColours ? styleText(name, text, { validateStream: false }) : text;
  const failed = results.filter(({ status }) => status === 'failed');
  const lines: string[] = [];
  for (const [suite, inSuite] of Map.groupBy(failed, (result) => result.suite)) {
    lines.push(colour('bold', suite));
    for (const { need, title, reason = '', reference } of inSuite) {
      lines.push(`  ${colour('red', 'failed')}  ${need.padEnd(6)}  ${title}`);
      const shown = reason.trim().split('\n').slice(0, LONGEST_REASON);
      lines.push(...shown.map((line) => `                  ${line}`.trimEnd()));
      lines.push(colour('dim', `                  ${reference.title}: ${reference.url}`), '');
    }
  }
  lines.push(...skippedLines(results, (text) => colour('yellow', text)));
  const scores = scoresOf(results);
  const rows = [...NEEDS, 'all' as const].filter((need) => scores[need].total > 0);
  lines.push(`${''.padEnd(6)}  passed  failed  skipped    score`);
  for (const need of rows) {
    const line = scoreLine(need, scores[need]);
    lines.push(colour(scores[need].share === 1 ? 'green' : 'red', line));
  }
  lines.push('', `${url}: ${results.length} checks in ${(durationMs / 1000).toFixed(1)} s`);
  return `${lines.join('\n')}\n`;
}

function skippedLines(results: readonly CheckResult[], colour: (text: string) => string): string[] {
  const skipped = results.filter(({ status }) => status === 'skipped');
  if (skipped.length === 0) return [];
  const byReason = Map.groupBy(skipped, ({ reason = '' }) => reason);
  return [
    ...[...byReason].map(([reason, { length }]) =>
      colour(`skipped  ${length} ${length === 1 ? 'check' : 'checks'}: ${reason}`),
    ),
    'The models are written by: oip-conformance models <directory>',
    '',
  ];
}

function scoreLine(need: string, { passed, failed, skipped, share }: Score): string {
  // Rounded down: 100 % means all of them.
  const percent = `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
  return [
    need.padEnd(6),
    String(passed).padStart(6),
    String(failed).padStart(6),
    String(skipped).padStart(7),
    percent.padStart(7),
  ].join('  ');
}
