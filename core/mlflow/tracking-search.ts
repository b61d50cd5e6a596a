import type { Logged, LoggedModel, Run } from '../registry/tracking-records.ts';
import type { Tracked, TrackingStore } from '../registry/tracking-store.ts';
import type { Fields } from './fields.ts';
import { type FilterGrammar, parseFilter, type Term } from './filter.ts';
import { satisfies } from './filter-match.ts';
import { invalidParameter } from './mlflow-error.ts';
import { type MlflowRoute, route } from './mlflow-route.ts';
import type { SortKey, SortValue } from './order-by.ts';
import { pageOf } from './page.ts';
import { LOGGED_MODEL_FILTER, RUN_FILTER } from './search-grammar.ts';
import {
  loggedModelArtifacts,
  loggedModelDocument,
  runArtifacts,
  runDocument,
} from './tracking-documents.ts';

/** A record with what was logged about it. */
interface Found<T> {
  readonly record: T;
  readonly logged: Logged;
}

type Attributes<T> = Readonly<Record<string, (record: T) => SortValue | undefined>>;

interface Searched<T> {
  readonly kind: Tracked['kind'];
  readonly grammar: FilterGrammar;
  readonly attributes: Attributes<T>;
  /** What decides where nothing else does: the newest first. */
  readonly newest: string;
  readonly idName: string;
}

const RUNS: Searched<Run> = {
  kind: 'run',
  grammar: RUN_FILTER,
  newest: 'start_time',
  idName: 'run_id',
  attributes: {
    run_id: ({ id }) => id,
    run_name: ({ name }) => name,
    status: ({ status }) => status,
    user_id: ({ userId, author }) => userId ?? author,
    artifact_uri: runArtifacts,
    start_time: ({ startTime }) => startTime,
    end_time: ({ endTime }) => endTime,
  },
};

const LOGGED_MODELS: Searched<LoggedModel> = {
  kind: 'loggedModel',
  grammar: LOGGED_MODEL_FILTER,
  newest: 'creation_timestamp',
  idName: 'model_id',
  attributes: {
    model_id: ({ id }) => id,
    name: ({ name }) => name,
    status: ({ status }) => status,
    model_type: ({ modelType }) => modelType,
    source_run_id: ({ sourceRunId }) => sourceRunId,
    artifact_uri: loggedModelArtifacts,
    creation_timestamp: ({ createdAt }) => createdAt,
    last_updated_timestamp: ({ lastUpdatedAt }) => lastUpdatedAt,
  },
};

/** `runs/search` and `logged-models/search`. */
export function trackingSearchRoutes(tracking: TrackingStore): MlflowRoute[] {
  return [
    route('POST', 'runs/search', 'read', async (fields) => {
      const viewType = fields.optionalText('run_view_type') || 'ACTIVE_ONLY';
      const lists = await Promise.all(experimentIds(fields).map((id) => tracking.runs(id)));
      const runs = lists
        .flat()
        .filter(({ isDeleted }) => viewType === 'ALL' || isDeleted === (viewType === 'DELETED_ONLY'));
      const orderBy = fields.texts('order_by').map(readClause);
      const { found, token } = await search(RUNS, runs, fields, orderBy);
      return { runs: found.map(({ record, logged }) => runDocument(record, logged)), ...token };
    }),
    route('POST', 'logged-models/search', 'read', async (fields) => {
      if (fields.list('datasets').length > 0) {
        throw invalidParameter('Metrics are not told apart by datasets here: leave "datasets" out.');
      }
      const lists = await Promise.all(experimentIds(fields).map((id) => tracking.loggedModels(id)));
      const orderBy = fields.list('order_by').map((clause) => ({
        field: clause.text('field_name'),
        isAscending: clause.all['ascending'] === undefined || clause.flag('ascending'),
      }));
      const { found, token } = await search(LOGGED_MODELS, lists.flat(), fields, orderBy);
      return { models: found.map(({ record, logged }) => loggedModelDocument(record, logged)), ...token };
    }),
  ];

  async function search<T extends { readonly id: string }>(
    searched: Searched<T>,
    records: readonly T[],
    fields: Fields,
    orderBy: readonly Clause[],
  ) {
    const filter = fields.optionalText('filter') ?? '';
    const terms = parseFilter(filter, searched.grammar);
    const own = terms.filter(({ of }) => of === 'attribute');
    const candidates = records.filter((record) =>
      own.every((term) => satisfies(searched.attributes[term.key]?.(record), term)),
    );
    const logged = await tracking.logged(candidates.map(({ id }) => ({ kind: searched.kind, id })));
    const matching = candidates
      .map((record, i): Found<T> => ({ record, logged: logged[i] as Logged }))
      .filter((found) => terms.every((term) => term.of === 'attribute' || matches(found.logged, term)));
    const page = pageOf(matching, {
      keys: sortKeys(searched, orderBy),
      maxResults: fields.integer('max_results', 1, 1000, 100),
      pageToken: fields.optionalText('page_token') || undefined,
      search: [searched.kind, filter, orderBy],
    });
    const last = page.records.at(-1);
    return {
      found: page.records,
      token: page.hasMore && last ? { next_page_token: page.tokenBehind(last) } : {},
    };
  }
}

interface Clause {
  /** `metrics.f1`, or an attribute. */
  readonly field: string;
  readonly isAscending: boolean;
}

function experimentIds(fields: Fields): string[] {
  const ids = [...new Set(fields.texts('experiment_ids'))];
  if (ids.length > 0) return ids;
  throw invalidParameter('Name the experiments to search in, in "experiment_ids".');
}

function matches(logged: Logged, term: Term): boolean {
  if (term.of === 'metric') {
    return satisfies(logged.metrics.find(({ key }) => key === term.key)?.value, term);
  }
  const texts = term.of === 'tag' ? logged.tags : logged.params;
  return satisfies(Object.hasOwn(texts, term.key) ? texts[term.key] : undefined, term);
}

/** `metrics.f1 DESC`, `` params.`max depth` ``, `start_time`. */
function readClause(clause: string): Clause {
  const [, field = clause, direction = 'ASC'] = /^\s*(.+?)(?:\s+(ASC|DESC))?\s*$/i.exec(clause) ?? [];
  return { field, isAscending: direction.toUpperCase() === 'ASC' };
}

function sortKeys<T extends { readonly id: string }>(
  { attributes, newest, idName }: Searched<T>,
  orderBy: readonly Clause[],
): SortKey<Found<T>>[] {
  const keyOf = ({ field, isAscending }: Clause): SortKey<Found<T>>[] => {
    const [, of = 'attributes', quoted, plain] =
      /^(?:(attributes?|metrics?|params?|parameters?|tags?)\.)?(?:[`"](.+)[`"]|(.+))$/.exec(field) ?? [];
    const name = quoted ?? plain ?? '';
    const value = sortValueOf(attributes, of, name);
    if (value === undefined) {
      throw invalidParameter(
        `Nothing can be sorted by ${JSON.stringify(field.slice(0, 100))}: use metrics.<key>, params.<key>, tags.<key>, ${Object.keys(attributes).join(', ')}.`,
      );
    }
    return [
      // What has no value comes last, in either direction.
      { isAscending: true, value: (found) => (value(found) === undefined ? 1 : 0) },
      { isAscending, value: (found) => value(found) ?? '' },
    ];
  };
  return [
    ...orderBy.flatMap(keyOf),
    ...keyOf({ field: newest, isAscending: false }),
    ...keyOf({ field: idName, isAscending: true }),
  ];
}

function sortValueOf<T>(attributes: Attributes<T>, of: string, name: string) {
  if (of.startsWith('metric')) {
    return ({ logged }: Found<T>) => logged.metrics.find(({ key }) => key === name)?.value;
  }
  if (of.startsWith('param')) return ({ logged }: Found<T>): SortValue | undefined => logged.params[name];
  if (of.startsWith('tag')) return ({ logged }: Found<T>): SortValue | undefined => logged.tags[name];
  const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  return attribute && (({ record }: Found<T>) => attribute(record));
}
