import type { Measurement, Target } from '../../benchmark.ts';
import { measurement } from '../../repetitions.ts';
import { figuresOf, overBest } from '../compare.ts';
import { APART, everybody, inRounds, type Placement, TOGETHER } from '../field.ts';
import { type Measured, measure } from '../measure.ts';
import { TABULAR } from '../served-models.ts';
import { strata } from '../strata.ts';
import type { Row } from './row.ts';

const CONNECTIONS = 64;

const perSecond = (measured: Measured) => measured.perSecond;

/** One row of the penguin model as JSON: as much server and as little model as there can be. */
function tabularRow(
  name: string,
  title: string,
  placement: Placement,
  overFive: number,
  limits: Limits,
): Row {
  return {
    name,
    async run(field) {
      const found = await inRounds(field, everybody(field), TABULAR, placement.server, (server, round) => {
        const { seconds } = field;
        const question = { connections: CONNECTIONS, seconds, warmSeconds: field.warmSeconds(round) };
        return measure(server, field.client, question, placement.client);
      });
      const five = field.five.map((subject) => subject.name);
      const ofRust = field.mosec.map((subject) => subject.name);
      return [
        ...figuresOf(title, found),
        ...overBest(`${title}: over the best of five`, found, five, perSecond, 'most', { atLeast: overFive }),
        ...overBest(`${title}: over mosec`, found, ofRust, perSecond, 'most', limits.overMosec),
        ...cpuPerRequest(title, found.get(strata.name) ?? [], limits.cpu),
      ];
    },
  };
}

interface Limits {
  readonly overMosec?: Target;
  readonly cpu?: Target;
}

export const tabular = tabularRow('tabular', 'tabular, a core each', APART, 6, {
  overMosec: { atLeast: 1 },
  cpu: { atMost: 30 },
});

export const shared = tabularRow('shared', 'tabular, two cores shared', TOGETHER, 4, {});

/** Told once more where something is asked of it. */
function cpuPerRequest(title: string, ours: readonly Measured[], target: Target | undefined): Measurement[] {
  if (target === undefined) return [];
  const values = ours.map(({ cpuMicroseconds }) => cpuMicroseconds);
  return [measurement(`${title}: processor per request`, 'µs', values, target)];
}
