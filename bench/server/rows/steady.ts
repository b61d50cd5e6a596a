import { figuresOf, overBest } from '../compare.ts';
import { APART, type Field, inRounds } from '../field.ts';
import { type Measured, measure } from '../measure.ts';
import { TABULAR } from '../served-models.ts';
import { bareLoops, strata } from '../strata.ts';
import type { Subject } from '../subject.ts';
import type { Row } from './row.ts';

const CONNECTIONS = 64;
/** Requests per second that one core of a fast server keeps up with. */
const HIGH = 12_000;

const p99 = ({ p99Ms }: Measured) => p99Ms;

/** How long answers take at a rate that does not wait for them. */
export const steady: Row = {
  name: 'steady',
  async run(field) {
    const fastApi = field.five.filter(({ name }) => name === 'FastAPI');
    const paced = fastApi[0] ?? strata;
    const rate = Math.round(0.8 * (await peakOf(field, paced)));
    const highRate = field.quick ? rate : HIGH;
    const low = await atRate(field, [strata, ...fastApi, ...field.mosec], rate);
    const high = await atRate(field, [strata, ...bareLoops.slice(1), ...field.mosec], highRate);
    const [ofFastApi, ofMosec] = [fastApi, field.mosec].map((subjects) => subjects.map(({ name }) => name));
    const lowTitle = `tabular, ${rate} requests/s (80 % of the peak of ${paced.name})`;
    const highTitle = `tabular, ${highRate} requests/s`;
    return [
      ...figuresOf(lowTitle, low),
      ...overBest(`${lowTitle}: p99 over FastAPI`, low, ofFastApi ?? [], p99, 'least', { atMost: 0.5 }),
      ...figuresOf(highTitle, high),
      ...overBest(`${highTitle}: p99 over mosec`, high, ofMosec ?? [], p99, 'least', { atMost: 1 }),
    ];
  },
};

async function peakOf(field: Field, subject: Subject): Promise<number> {
  const question = { connections: CONNECTIONS, seconds: field.seconds, warmSeconds: field.warmSeconds(0) };
  const found = await inRounds({ ...field, rounds: 1 }, [subject], TABULAR, APART.server, (server) =>
    measure(server, field.client, question, APART.client),
  );
  return found.get(subject.name)?.[0]?.perSecond ?? Number.NaN;
}

function atRate(field: Field, subjects: readonly Subject[], rate: number) {
  return inRounds(field, subjects, TABULAR, APART.server, (server, round) => {
    const { seconds } = field;
    const question = { connections: CONNECTIONS, seconds, rate, warmSeconds: field.warmSeconds(round) };
    return measure(server, field.client, question, APART.client);
  });
}
