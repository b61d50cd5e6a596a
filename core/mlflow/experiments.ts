import type { Experiment, Logged } from '../registry/tracking-records.ts';
import type { Tracked, TrackingStore } from '../registry/tracking-store.ts';
import { parseFilter } from './filter.ts';
import { satisfies } from './filter-match.ts';
import { type MlflowRoute, route } from './mlflow-route.ts';
import { parseOrderBy } from './order-by.ts';
import { pageOf } from './page.ts';
import { EXPERIMENT_FILTER } from './search-grammar.ts';
import { experimentDocument } from './tracking-documents.ts';

const FIELDS = {
  name: ({ experiment }: Found) => experiment.name,
  experiment_id: ({ experiment }: Found) => experiment.id,
  creation_time: ({ experiment }: Found) => experiment.createdAt,
  last_update_time: ({ experiment }: Found) => experiment.lastUpdatedAt,
};

interface Found {
  readonly experiment: Experiment;
  readonly logged: Logged;
}

/** `experiments/…`. */
export function experimentRoutes(tracking: TrackingStore): MlflowRoute[] {
  return [
    route('POST', 'experiments/create', 'write', async (fields) => {
      const draft = { name: fields.text('name'), tags: fields.tags('tags') };
      return { experiment_id: (await tracking.createExperiment(draft)).id };
    }),
    route('GET', 'experiments/get', 'read', async (fields) => ({
      experiment: await document(await tracking.experiment(fields.text('experiment_id'))),
    })),
    route('GET', 'experiments/get-by-name', 'read', async (fields) => ({
      experiment: await document(await tracking.experimentNamed(fields.text('experiment_name'))),
    })),
    route('POST', 'experiments/set-experiment-tag', 'write', async (fields) => {
      const tags = { [fields.text('key')]: fields.anyText('value') };
      await tracking.log(tracked({ id: fields.text('experiment_id') }), { tags });
      return {};
    }),
    ...(['GET', 'POST'] as const).map((method) =>
      route(method, 'experiments/search', 'read', async (fields) => {
        const filter = fields.optionalText('filter') ?? '';
        const orderBy = fields.texts('order_by');
        const terms = parseFilter(filter, EXPERIMENT_FILTER);
        const keys = parseOrderBy(orderBy, FIELDS, [
          { isAscending: false, value: FIELDS.creation_time },
          { isAscending: true, value: FIELDS.experiment_id },
        ]);
        const maxResults = fields.integer('max_results', 1, 50_000, 1000);
        const pageToken = fields.optionalText('page_token') || undefined;
        // Nothing is ever deleted here.
        const isEmpty = fields.optionalText('view_type') === 'DELETED_ONLY';
        const found = isEmpty ? [] : await all();
        const matching = found.filter(({ experiment, logged }) =>
          terms.every((term) =>
            term.of === 'tag'
              ? satisfies(logged.tags[term.key], term)
              : satisfies(FIELDS[term.key as keyof typeof FIELDS]({ experiment, logged }), term),
          ),
        );
        const search = ['experiments', filter, orderBy];
        const page = pageOf(matching, { keys, maxResults, pageToken, search });
        const last = page.records.at(-1);
        return {
          experiments: page.records.map(({ experiment, logged }) => experimentDocument(experiment, logged)),
          ...(page.hasMore && last && { next_page_token: page.tokenBehind(last) }),
        };
      }),
    ),
  ];

  async function document(experiment: Experiment): Promise<object> {
    const [logged] = await tracking.logged([tracked(experiment)]);
    return experimentDocument(experiment, logged as Logged);
  }

  async function all(): Promise<Found[]> {
    const experiments = await tracking.experiments();
    const logged = await tracking.logged(experiments.map(tracked));
    return experiments.map((experiment, i) => ({ experiment, logged: logged[i] as Logged }));
  }
}

function tracked({ id }: Pick<Experiment, 'id'>): Tracked {
  return { kind: 'experiment', id };
}
