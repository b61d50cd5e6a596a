import type { AccessControl, ModelView } from '../access/access-control.ts';
import type { Principal } from '../access/principal.ts';
import { NotFoundError } from '../errors.ts';
import { kindOf, PROMPT_TAG, type RegisteredKind } from '../registry/prompts.ts';
import type { RecordsReader, Tagged } from '../registry/records-reader.ts';
import type { ModelOutline, ModelRecord, VersionRecord } from '../registry/registry-records.ts';
import type { TagMap } from '../registry/tags.ts';
import { modelDocuments, versionDocuments } from './documents.ts';
import type { Fields } from './fields.ts';
import { parseFilter, type Term } from './filter.ts';
import { satisfies } from './filter-match.ts';
import { type MlflowRoute, route } from './mlflow-route.ts';
import { parseOrderBy, type SortKey, type SortValue } from './order-by.ts';
import { type Page, pageOf } from './page.ts';
import { MODEL_FILTER, VERSION_FILTER } from './search-grammar.ts';

/** Models that are read at once. */
const CONCURRENCY = 16;

/** Bytes of JSON after which a page ends, however many records were asked for: an answer has to fit. */
const PAGE_BYTES = 2 * 1024 * 1024;

const MODEL_FIELDS: Readonly<Record<string, (model: ModelOutline) => SortValue>> = {
  name: ({ name }) => name,
  timestamp: ({ lastUpdatedAt }) => Date.parse(lastUpdatedAt),
  last_updated_timestamp: ({ lastUpdatedAt }) => Date.parse(lastUpdatedAt),
  creation_timestamp: ({ createdAt }) => Date.parse(createdAt),
};
const MODEL_ORDER: SortKey<ModelOutline>[] = [{ isAscending: true, value: ({ name }) => name }];

const VERSION_FIELDS: Readonly<Record<string, (version: VersionRecord) => SortValue>> = {
  name: ({ model }) => model,
  version_number: ({ version }) => Number(version),
  creation_timestamp: ({ createdAt }) => Date.parse(createdAt),
  last_updated_timestamp: ({ lastUpdatedAt }) => Date.parse(lastUpdatedAt),
};
const VERSION_ORDER: SortKey<VersionRecord>[] = [
  { isAscending: true, value: ({ model }) => model },
  { isAscending: false, value: ({ version }) => Number(version) },
];
const NEWEST_FIRST: SortKey<VersionRecord> = {
  isAscending: false,
  value: ({ lastUpdatedAt }) => Date.parse(lastUpdatedAt),
};

/** `registered-models/search` and `model-versions/search`. */
export function searchRoutes(registry: RecordsReader, access: AccessControl): MlflowRoute[] {
  const search = new Search(registry, access);
  return [
    route('GET', 'registered-models/search', 'read', (fields, principal) => search.models(fields, principal)),
    route('GET', 'model-versions/search', 'read', (fields, principal) => search.versions(fields, principal)),
  ];
}

class Search {
  constructor(
    private readonly registry: RecordsReader,
    private readonly access: AccessControl,
  ) {}

  async models(fields: Fields, principal: Principal): Promise<object> {
    const filter = fields.optionalText('filter') ?? '';
    const orderBy = fields.texts('order_by');
    const terms = parseFilter(filter, MODEL_FILTER);
    const asked = {
      keys: parseOrderBy(orderBy, MODEL_FIELDS, MODEL_ORDER),
      maxResults: fields.integer('max_results', 1, 1000, 100),
      pageToken: fields.optionalText('page_token') || undefined,
      search: ['models', filter, orderBy],
    };
    const view = await this.access.view(principal, 'read');
    const found = await this.#matching(await this.#listed(terms, view), terms);
    const page = pageOf(found, asked);
    const models = await this.#read(page.records, view);
    const documents = await modelDocuments(
      this.registry,
      models.map(({ model }) => model),
    );
    const shown = models.map(({ outline }, i) => ({ record: outline, document: documents[i] ?? {} }));
    return answer('registered_models', page, shown);
  }

  async versions(fields: Fields, principal: Principal): Promise<object> {
    const filter = fields.optionalText('filter') ?? '';
    const orderBy = fields.texts('order_by');
    const terms = parseFilter(filter, VERSION_FILTER);
    const asked = {
      keys: parseOrderBy(orderBy, VERSION_FIELDS, [
        ...(orderBy.length === 0 ? [NEWEST_FIRST] : []),
        ...VERSION_ORDER,
      ]),
      maxResults: fields.integer('max_results', 1, 200_000, 10_000),
      pageToken: fields.optionalText('page_token') || undefined,
      search: ['versions', filter, orderBy],
    };
    const view = await this.access.view(principal, 'read');
    const byName = terms.filter(({ of, key }) => of === 'attribute' && key === 'name');
    const outlines = await this.#matching(await this.#listed(terms, view), byName);
    const models = await this.#read(outlines, view);
    const found = await this.#matching(
      models.flatMap(({ model }) => model.versions),
      terms,
    );
    const page = pageOf(found, asked);
    const documents = await versionDocuments(this.registry, page.records);
    const shown = page.records.map((record, i) => ({ record, document: documents[i] ?? {} }));
    return answer('model_versions', page, shown);
  }

  /** Outlines of all models that may be found: of those that are no prompts unless the filter asks for prompts. */
  async #listed(terms: readonly Term[], view: ModelView): Promise<ModelOutline[]> {
    const kinds = kindsOf(terms);
    const names = namesIn(terms)?.filter((name) => view.sees(name));
    if (names !== undefined) {
      const read = await Promise.all(names.map((name) => this.#ifThere(name)));
      return read.filter((model) => model !== undefined).filter(({ tags }) => kinds.includes(kindOf(tags)));
    }
    const lists = await Promise.all(kinds.map((kind) => this.registry.listModels(kind)));
    return lists.flat().filter(({ name }) => view.sees(name));
  }

  /** Those that satisfy all terms. Values that are kept apart from their records are read where a term needs them. */
  async #matching<T extends (ModelOutline | VersionRecord) & Tagged>(
    records: readonly T[],
    terms: readonly Term[],
  ): Promise<T[]> {
    const own = terms.filter(({ of }) => of === 'attribute');
    const ofTags = terms.filter(({ of, key }) => of === 'tag' && key !== PROMPT_TAG);
    const candidates = records.filter((record) =>
      own.every((term) => satisfies(attributeOf(record, term.key), term)),
    );
    if (ofTags.length === 0) return candidates;
    const wanted = candidates.map((record) => ({ ...record, tags: only(record.tags, ofTags) }));
    const tags = await this.registry.tagsOf(wanted);
    return candidates.filter((_record, i) =>
      ofTags.every((term) =>
        satisfies(Object.hasOwn(tags[i] ?? {}, term.key) ? tags[i]?.[term.key] : undefined, term),
      ),
    );
  }

  /** The whole models, as far as the caller sees them; what is gone meanwhile is left out. */
  async #read(outlines: readonly ModelOutline[], view: ModelView) {
    const read: { readonly outline: ModelOutline; readonly model: ModelRecord }[] = [];
    for (let start = 0; start < outlines.length; start += CONCURRENCY) {
      const models = await Promise.all(
        outlines.slice(start, start + CONCURRENCY).map(async (outline) => {
          const model = await this.#ifThere(outline.name);
          return model && { outline, model: view.of(model) };
        }),
      );
      read.push(...models.filter((each) => each !== undefined));
    }
    return read;
  }

  #ifThere(name: string): Promise<ModelRecord | undefined> {
    return this.registry.model(name).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });
  }
}

/** The names that the filter leaves, where it tells: then nothing has to be listed. */
function namesIn(terms: readonly Term[]): string[] | undefined {
  const named = terms.find(
    ({ of, key, comparator }) =>
      of === 'attribute' && key === 'name' && (comparator === '=' || comparator === 'IN'),
  );
  return named && [...new Set([named.value].flat().map(String))];
}

/**
 * The tag of prompts is no tag like others: without a word about it models are meant, and of them it says `false`.
 * Source: MLflow, SearchModelUtils.
 */
function kindsOf(terms: readonly Term[]): RegisteredKind[] {
  const about = terms.filter(({ of, key }) => of === 'tag' && key === PROMPT_TAG);
  if (about.length === 0) return ['model'];
  return (['model', 'prompt'] as const).filter((kind) =>
    about.every((term) => satisfies(String(kind === 'prompt'), term)),
  );
}

function attributeOf(record: ModelOutline | VersionRecord, key: string): string | number | undefined {
  if (!('modelId' in record)) return record.name;
  switch (key) {
    case 'name':
      return record.model;
    case 'run_id':
      return record.runId ?? '';
    case 'source_path':
      return record.source;
    default:
      return Number(record.version);
  }
}

function only(tags: TagMap, terms: readonly Term[]): TagMap {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => terms.some((term) => term.key === key)));
}

/** As many documents as fit, and the token behind the last one where there are more. */
function answer<T>(
  name: string,
  page: Page<T>,
  shown: readonly { readonly record: T; readonly document: object }[],
): object {
  let bytes = 0;
  const fitting = shown.filter(({ document }, i) => {
    bytes += Buffer.byteLength(JSON.stringify(document));
    return i === 0 || bytes <= PAGE_BYTES;
  });
  const isCut = fitting.length < shown.length;
  // Records that are gone meanwhile leave a page shorter, even empty: what follows them is asked for from their place on.
  const last = isCut ? fitting.at(-1)?.record : page.records.at(-1);
  return {
    ...(fitting.length > 0 && { [name]: fitting.map(({ document }) => document) }),
    ...((isCut || page.hasMore) && last !== undefined && { next_page_token: page.tokenBehind(last) }),
  };
}
