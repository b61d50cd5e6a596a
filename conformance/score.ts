import { NEEDS, type Need } from './check.ts';
import type { CheckResult } from './run-suite.ts';

export interface Score {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly total: number;
  /** What passed of what there is, 0 to 1: a check that could not run has not passed. 1 when there is none. */
  readonly share: number;
}

export type Scores = Readonly<Record<Need | 'all', Score>>;

export function scoresOf(results: readonly CheckResult[]): Scores {
  const ofNeed = NEEDS.map((need) => [need, scoreOf(results.filter((result) => result.need === need))]);
  return { ...(Object.fromEntries(ofNeed) as Record<Need, Score>), all: scoreOf(results) };
}

function scoreOf(results: readonly CheckResult[]): Score {
  const count = (status: CheckResult['status']) =>
    results.filter((result) => result.status === status).length;
  const passed = count('passed');
  const total = results.length;
  return {
    passed,
    failed: count('failed'),
    skipped: count('skipped'),
    total,
    share: total === 0 ? 1 : passed / total,
  };
}
