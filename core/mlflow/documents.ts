import type { RecordsReader } from '../registry/records-reader.ts';
import { type ModelRecord, STAGES, type VersionRecord } from '../registry/registry-records.ts';
import type { Tags } from '../registry/tags.ts';

/** What of a record is read for its document beside the record itself. */
type TagsReader = Pick<RecordsReader, 'tagsOf'>;

/** Models as MLflow shows them, each with the newest version of every stage. */
export async function modelDocuments(
  registry: TagsReader,
  models: readonly ModelRecord[],
): Promise<object[]> {
  const latest = models.map((model) => newestOfStages(model.versions));
  const tags = await registry.tagsOf([...models, ...latest.flat()]);
  let next = models.length;
  return models.map((model, i) => ({
    name: model.name,
    creation_timestamp: Date.parse(model.createdAt),
    last_updated_timestamp: Date.parse(model.lastUpdatedAt),
    ...(model.notes && { description: model.notes }),
    ...ifAny(
      'latest_versions',
      latest[i]?.map((version) => versionDocument(version, tags[next++] ?? {})),
    ),
    ...ifAny('tags', tagList(tags[i] ?? {})),
    ...ifAny(
      'aliases',
      Object.entries(model.aliases).map(([alias, version]) => ({ alias, version })),
    ),
  }));
}

export async function modelDocument(registry: TagsReader, model: ModelRecord): Promise<object> {
  const [document = {}] = await modelDocuments(registry, [model]);
  return document;
}

/** Versions as MLflow shows them in lists: without their aliases. */
export async function versionDocuments(
  registry: TagsReader,
  versions: readonly VersionRecord[],
): Promise<object[]> {
  const tags = await registry.tagsOf(versions);
  return versions.map((version, i) => versionDocument(version, tags[i] ?? {}));
}

/** One version, with the aliases that point at it. */
export async function versionWithAliases(
  registry: TagsReader,
  version: VersionRecord,
  { aliases }: Pick<ModelRecord, 'aliases'>,
): Promise<object> {
  const [document = {}] = await versionDocuments(registry, [version]);
  const own = Object.entries(aliases).filter(([, target]) => target === version.version);
  return {
    ...document,
    ...ifAny(
      'aliases',
      own.map(([alias]) => alias),
    ),
  };
}

/** The newest version of each stage that has any, in the order of stages. */
export function newestOfStages(versions: readonly VersionRecord[]): VersionRecord[] {
  return STAGES.flatMap((stage) => versions.findLast((version) => version.stage === stage) ?? []);
}

function versionDocument(version: VersionRecord, tags: Tags): object {
  return {
    name: version.model,
    version: version.version,
    creation_timestamp: Date.parse(version.createdAt),
    last_updated_timestamp: Date.parse(version.lastUpdatedAt),
    ...(version.author !== undefined && { user_id: version.author }),
    current_stage: version.stage,
    description: version.notes ?? '',
    source: version.source,
    run_id: version.runId ?? '',
    run_link: version.runLink ?? '',
    status: version.status,
    ...(version.statusMessage !== undefined && { status_message: version.statusMessage }),
    ...(version.loggedModelId !== undefined && { model_id: version.loggedModelId }),
    ...ifAny('tags', tagList(tags)),
  };
}

function tagList(tags: Tags): { readonly key: string; readonly value: string }[] {
  return Object.entries(tags)
    .map(([key, value]) => ({ key, value }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Lists that are empty are left out, as protobuf's JSON has it. */
function ifAny(name: string, list: readonly unknown[] = []): object {
  return list.length === 0 ? {} : { [name]: list };
}
