import { bundle, inProcess } from '../../child.ts';
import { measurement } from '../../repetitions.ts';
import { figuresOf, overBest } from '../compare.ts';
import { APART, type Field, inRounds } from '../field.ts';
import { type Measured, measure } from '../measure.ts';
import { slowModel } from '../served-models.ts';
import { bareLoops, strata } from '../strata.ts';
import type { Subject } from '../subject.ts';
import type { Row } from './row.ts';

/** Of one run, for the ceiling. */
const ROWS = 16;
const CONNECTIONS = 64;
const TITLE = '10 ms model';

const perSecond = (measured: Measured) => measured.perSecond;

/** A model that takes 10 ms for a row alone: what counts is how rows are merged, and what is left of the core for it. */
export const slow: Row = {
  name: 'slow',
  async run(field) {
    const model = await slowModel(field.quick);
    const probe = await bundle('server/ceiling.ts');
    const ceilings: number[] = [];
    const found = await inRounds(field, mergers(field), model, APART.server, async (server, round) => {
      ceilings[round] ??= await inProcess<number>(
        probe,
        [model.file, String(ROWS), String(field.seconds)],
        {},
        APART.server,
      );
      const question = {
        connections: CONNECTIONS,
        seconds: field.seconds,
        warmSeconds: field.warmSeconds(round),
      };
      return await measure(server, field.client, question, APART.client);
    });
    const five = field.five.map(({ name }) => name);
    const ofRust = field.mosec.map(({ name }) => name);
    const ofCeiling = (found.get(strata.name) ?? []).map(
      (ours, round) => (100 * ours.perSecond) / (ceilings[round] ?? Number.NaN),
    );
    return [
      measurement(`${TITLE}: session.run, ${ROWS} rows at once, rows`, '1/s', ceilings),
      ...figuresOf(TITLE, found),
      measurement(`${TITLE}: strata serve of the ceiling`, '%', ofCeiling, { atLeast: 95 }),
      ...overBest(`${TITLE}: over the best of five`, found, five, perSecond, 'most', { atLeast: 1.15 }),
      ...overBest(`${TITLE}: over mosec`, found, ofRust, perSecond, 'most', { atLeast: 1 }),
    ];
  },
};

/** How long answers take where everybody has the same share of its own peak to do. */
export const slowSteady: Row = {
  name: 'slow-steady',
  async run(field) {
    const model = await slowModel(field.quick);
    const subjects = [strata, ...field.five, ...field.mosec];
    const found = await inRounds(field, subjects, model, APART.server, async (server, round) => {
      const { seconds } = field;
      const question = { connections: CONNECTIONS, seconds, warmSeconds: field.warmSeconds(round) };
      const { perSecond } = await measure(server, field.client, question, APART.client);
      const steadily = {
        ...question,
        rate: Math.round(0.8 * perSecond),
        seconds: 2 * seconds,
        warmSeconds: 0.1,
      };
      return await measure(server, field.client, steadily, APART.client);
    });
    const title = `${TITLE}, 80 % of its own peak`;
    const p99 = ({ p99Ms }: Measured) => p99Ms;
    const five = field.five.map(({ name }) => name);
    const ofRust = field.mosec.map(({ name }) => name);
    return [
      ...figuresOf(title, found),
      ...overBest(`${title}: p99 over the best of five`, found, five, p99, 'least', { atMost: 0.5 }),
      ...overBest(`${title}: p99 over mosec`, found, ofRust, p99, 'least', { atMost: 0.6 }),
    ];
  },
};

/** All but the loop that merges nothing: it would be FastAPI over again. */
function mergers({ five, mosec }: Field): readonly Subject[] {
  return [strata, ...bareLoops.slice(1), ...five, ...mosec];
}
