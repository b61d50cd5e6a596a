import { randomUUID } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { ItemKey } from '../core/registry/registry-keys.ts';
import type { Tags } from '../core/registry/tags.ts';
import {
  EXPERIMENTS_PARTITION,
  entryKey,
  experimentNameKey,
  historyPartition,
  memberId,
  memberKey,
  memberPrefix,
  membersPartition,
  RECORD,
  recordKey,
  trackedPartition,
} from '../core/registry/tracking-keys.ts';
import {
  DEFAULT_EXPERIMENT,
  type Experiment,
  type Logged,
  type LoggedModel,
  type Metric,
  type Run,
} from '../core/registry/tracking-records.ts';
import {
  assertEntries,
  assertExperimentName,
  experimentExists,
  trackedNotFound,
} from '../core/registry/tracking-rules.ts';
import type {
  LoggedModelDraft,
  NewEntries,
  RunDraft,
  Tracked,
  TrackingStore,
} from '../core/registry/tracking-store.ts';
import { type Write, writeOptimistically } from './optimistic-write.ts';
import { RegistryItemsReader } from './registry-items-reader.ts';
import { logEntries, type PointItem, toLogged, toMetric } from './tracking-entries.ts';

interface RecordItem<T> extends ItemKey {
  readonly record: T;
  readonly revision: number;
}

interface NameItem extends ItemKey {
  readonly id: string;
}

export interface TrackingTableOptions {
  readonly now?: () => Date;
  /** Hexadecimal digits that nobody can guess. */
  readonly newId?: () => string;
  /** In [0, 1): spreads writers that collided. */
  readonly random?: () => number;
}

/** Records that are read at once. */
const CONCURRENCY = 16;

/** What MLflow's clients track, in the registry's table; layout in core/registry/tracking-keys.ts. */
export class TrackingTable implements TrackingStore {
  readonly #reader: RegistryItemsReader;
  readonly #now: () => Date;
  readonly #newId: () => string;
  readonly #random: () => number;

  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
    options: TrackingTableOptions = {},
  ) {
    this.#reader = new RegistryItemsReader(client, table);
    this.#now = options.now ?? (() => new Date());
    this.#newId = options.newId ?? (() => randomUUID().replaceAll('-', ''));
    this.#random = options.random ?? Math.random;
  }

  async experiment(id: string): Promise<Experiment> {
    if (id === DEFAULT_EXPERIMENT.id) return DEFAULT_EXPERIMENT;
    return (await this.#record<Experiment>({ kind: 'experiment', id })).record;
  }

  async experimentNamed(name: string): Promise<Experiment> {
    if (name === DEFAULT_EXPERIMENT.name) return DEFAULT_EXPERIMENT;
    const [found] = name === '' ? [] : await this.#reader.items([experimentNameKey(name)]);
    if (found === undefined) throw trackedNotFound({ kind: 'experiment', id: name });
    return this.experiment((found as NameItem).id);
  }

  async experiments(): Promise<Experiment[]> {
    const names = (await this.#reader.whole(EXPERIMENTS_PARTITION)) as NameItem[];
    const keys = names.map(({ id }) => recordKey({ kind: 'experiment', id }));
    const items = (await this.#reader.items(keys)) as (RecordItem<Experiment> | undefined)[];
    return [DEFAULT_EXPERIMENT, ...items.flatMap((item) => item?.record ?? [])];
  }

  async createExperiment({ name, tags }: { name: string; tags?: Tags }): Promise<Experiment> {
    assertExperimentName(name);
    assertEntries({ tags });
    // Clients and people expect digits. Eighteen are unique, and stay below what 64 bits hold.
    const id = String((BigInt(`0x${this.#newId()}`) % 10n ** 18n) + 1n);
    const time = this.#now().getTime();
    const experiment: Experiment = { id, name, createdAt: time, lastUpdatedAt: time };
    const tracked: Tracked = { kind: 'experiment', id };
    await this.#write(async () => {
      const isTaken = (await this.#reader.items([experimentNameKey(name)]))[0] !== undefined;
      if (isTaken || name === DEFAULT_EXPERIMENT.name) throw experimentExists(name);
      return [
        this.#create({ ...experimentNameKey(name), id }),
        this.#create({ ...recordKey(tracked), record: experiment, revision: 1 }),
      ];
    });
    await this.#log(tracked, { tags });
    return experiment;
  }

  async run(id: string): Promise<Run> {
    return (await this.#record<Run>({ kind: 'run', id })).record;
  }

  runs(experimentId: string): Promise<Run[]> {
    return this.#members<Run>(experimentId, 'run');
  }

  async createRun({ tags, params, metrics, links, ...draft }: RunDraft): Promise<Run> {
    const run: Run = { ...draft, id: this.#newId(), status: 'RUNNING', isDeleted: false };
    return this.#createMember({ kind: 'run', id: run.id }, run, run.startTime, {
      tags,
      params,
      metrics,
      links,
    });
  }

  async updateRun(id: string, changes: Partial<Run>): Promise<Run> {
    return this.#change<Run>({ kind: 'run', id }, changes);
  }

  async loggedModel(id: string): Promise<LoggedModel> {
    return (await this.#record<LoggedModel>({ kind: 'loggedModel', id })).record;
  }

  loggedModels(experimentId: string): Promise<LoggedModel[]> {
    return this.#members<LoggedModel>(experimentId, 'loggedModel');
  }

  async createLoggedModel({
    tags,
    params,
    metrics,
    links,
    ...draft
  }: LoggedModelDraft): Promise<LoggedModel> {
    const time = this.#now().getTime();
    const id = `m-${this.#newId()}`;
    const times = { createdAt: time, lastUpdatedAt: time };
    const model: LoggedModel = { ...draft, id, status: 'LOGGED_MODEL_PENDING', ...times };
    return this.#createMember({ kind: 'loggedModel', id }, model, time, { tags, params, metrics, links });
  }

  finishLoggedModel(id: string, status: LoggedModel['status']): Promise<LoggedModel> {
    const lastUpdatedAt = this.#now().getTime();
    return this.#change<LoggedModel>({ kind: 'loggedModel', id }, { status, lastUpdatedAt });
  }

  async deleteLoggedModel(id: string): Promise<void> {
    const tracked: Tracked = { kind: 'loggedModel', id };
    const { record } = await this.#record<LoggedModel>(tracked);
    // What was logged about it stays behind, where nothing leads to it.
    const keys = [recordKey(tracked), memberKey(record.experimentId, tracked, record.createdAt)];
    await this.#write(async () => keys.map((key) => this.#delete(key)));
  }

  async logged(tracked: readonly Tracked[]): Promise<Logged[]> {
    const found: Logged[] = [];
    for (let start = 0; start < tracked.length; start += CONCURRENCY) {
      const partitions = tracked.slice(start, start + CONCURRENCY).map(trackedPartition);
      const items = await Promise.all(partitions.map((pk) => this.#reader.whole(pk)));
      found.push(...items.map((each) => toLogged(each.filter(({ sk }) => sk !== RECORD))));
    }
    return found;
  }

  async metricHistory(runId: string, key: string): Promise<Metric[]> {
    const pk = historyPartition({ kind: 'run', id: runId });
    return ((await this.#reader.beginning(pk, `${key}#`)) as PointItem[]).map(toMetric);
  }

  async log(tracked: Tracked, entries: NewEntries): Promise<void> {
    assertEntries(entries);
    const isThere = tracked.kind === 'experiment' && tracked.id === DEFAULT_EXPERIMENT.id;
    if (!isThere) await this.#record(tracked);
    await this.#log(tracked, entries);
  }

  async deleteTag(tracked: Tracked, key: string): Promise<void> {
    await this.#record(tracked);
    await this.#write(async () => [this.#delete(entryKey(tracked, 'tag', key))]);
  }

  async #record<T>(tracked: Tracked): Promise<RecordItem<T>> {
    // Ids are short; DynamoDB refuses keys that are too long.
    const [item] = tracked.id.length > 100 ? [] : await this.#reader.items([recordKey(tracked)]);
    if (item === undefined) throw trackedNotFound(tracked);
    return item as RecordItem<T>;
  }

  async #members<T>(experimentId: string, kind: 'run' | 'loggedModel'): Promise<T[]> {
    const members = await this.#reader.beginning(membersPartition(experimentId), memberPrefix(kind));
    const keys = members.reverse().map((member) => recordKey({ kind, id: memberId(member) }));
    const items = (await this.#reader.items(keys)) as (RecordItem<T> | undefined)[];
    return items.flatMap((item) => item?.record ?? []);
  }

  async #createMember<T extends { readonly experimentId: string }>(
    tracked: Tracked,
    record: T,
    time: number,
    entries: NewEntries,
  ): Promise<T> {
    assertEntries(entries);
    await this.experiment(record.experimentId);
    await this.#write(async () => [
      this.#create({ ...recordKey(tracked), record, revision: 1 }),
      this.#create(memberKey(record.experimentId, tracked, time)),
    ]);
    await this.#log(tracked, entries);
    return record;
  }

  async #change<T>(tracked: Tracked, changes: Partial<T>): Promise<T> {
    let changed: T | undefined;
    await this.#write(async () => {
      const item = await this.#record<T>(tracked);
      changed = { ...item.record, ...changes };
      const next = { ...recordKey(tracked), record: changed, revision: item.revision + 1 };
      return [this.#replace(next, item.revision)];
    });
    return changed as T;
  }

  async #log(tracked: Tracked, entries: NewEntries): Promise<void> {
    await logEntries(
      {
        read: (keys) => this.#reader.items(keys),
        write: (plan) => this.#write(plan),
        put: (item) => ({ Put: { TableName: this.table, Item: { ...item } } }),
        create: (item) => this.#create(item),
        replace: (item, revision) => this.#replace(item, revision),
      },
      tracked,
      entries,
    );
  }

  #write(plan: () => Promise<readonly Write[]>): Promise<void> {
    return writeOptimistically(
      this.client,
      async () => ({ writes: await plan(), result: undefined }),
      this.#random,
    );
  }

  #create(item: object): Write {
    return {
      Put: { TableName: this.table, Item: { ...item }, ConditionExpression: 'attribute_not_exists(pk)' },
    };
  }

  #replace(item: object, revision: number): Write {
    return {
      Put: {
        TableName: this.table,
        Item: { ...item },
        ConditionExpression: '#revision = :read',
        ExpressionAttributeNames: { '#revision': 'revision' },
        ExpressionAttributeValues: { ':read': revision },
      },
    };
  }

  #delete({ pk, sk }: ItemKey): Write {
    return { Delete: { TableName: this.table, Key: { pk, sk } } };
  }
}
