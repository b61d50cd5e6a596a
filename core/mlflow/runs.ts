import { createHash } from 'node:crypto';
import type { Principal } from '../access/principal.ts';
import type { Link, Logged, Metric, Run } from '../registry/tracking-records.ts';
import { RUN_STATUSES } from '../registry/tracking-records.ts';
import type { Tracked, TrackingStore } from '../registry/tracking-store.ts';
import type { Fields } from './fields.ts';
import { invalidParameter } from './mlflow-error.ts';
import { type MlflowRoute, route } from './mlflow-route.ts';
import { metricDocument, runDocument, runInfoDocument } from './tracking-documents.ts';

/** Most entries of one batch. Source: MLflow REST API, log-batch. */
const MOST_METRICS = 1000;
const MOST_ENTRIES = 100;

/** Where MLflow keeps the name of a run, too. */
const NAME_TAG = 'mlflow.runName';

/** `runs/…` but searches, and `metrics/get-history`. */
export function runRoutes(tracking: TrackingStore, now: () => number): MlflowRoute[] {
  const log = (path: string, read: (fields: Fields) => Parameters<TrackingStore['log']>[1]) =>
    route('POST', path, 'write', async (fields) => {
      const entries = read(fields);
      const run = tracked(runId(fields));
      await tracking.log(run, entries);
      const name = entries.tags?.[NAME_TAG];
      if (name) await tracking.updateRun(run.id, { name });
      return {};
    });
  return [
    route('POST', 'runs/create', 'write', async (fields, principal) => {
      return { run: await document(await create(fields, principal)) };
    }),
    route('GET', 'runs/get', 'read', async (fields) => ({
      run: await document(await tracking.run(runId(fields))),
    })),
    route('POST', 'runs/update', 'write', async (fields) => {
      const status = fields.optionalText('status');
      const name = fields.optionalText('run_name') || undefined;
      const endTime = fields.optionalNumber('end_time');
      const changed = await tracking.updateRun(runId(fields), {
        ...(status !== undefined && { status: statusOf(status) }),
        ...(name !== undefined && { name }),
        ...(endTime !== undefined && { endTime }),
      });
      return { run_info: runInfoDocument(changed) };
    }),
    route('POST', 'runs/delete', 'write', async (fields) => {
      await tracking.updateRun(runId(fields), { isDeleted: true });
      return {};
    }),
    route('POST', 'runs/restore', 'write', async (fields) => {
      await tracking.updateRun(runId(fields), { isDeleted: false });
      return {};
    }),
    log('runs/log-batch', (fields) => ({
      metrics: atMost(MOST_METRICS, 'metrics', fields.list('metrics')).map(metricOf),
      params: paramsOf(fields),
      tags: fields.tags('tags'),
    })),
    log('runs/log-metric', (fields) => ({ metrics: [metricOf(fields)] })),
    log('runs/log-parameter', (fields) => ({ params: { [fields.text('key')]: fields.anyText('value') } })),
    log('runs/set-tag', (fields) => ({ tags: { [fields.text('key')]: fields.anyText('value') } })),
    route('POST', 'runs/delete-tag', 'write', async (fields) => {
      await tracking.deleteTag(tracked(runId(fields)), fields.text('key'));
      return {};
    }),
    log('runs/log-inputs', (fields) => ({
      links: [
        ...atMost(MOST_ENTRIES, 'datasets', fields.list('datasets')).map(datasetLink),
        ...fields.list('models').map((model) => modelLink('model-input', model)),
      ],
    })),
    log('runs/outputs', (fields) => ({
      links: atMost(MOST_ENTRIES, 'models', fields.list('models')).map((model) =>
        modelLink('model-output', model),
      ),
    })),
    route('GET', 'metrics/get-history', 'read', async (fields) => {
      const run = await tracking.run(runId(fields));
      const metrics = await tracking.metricHistory(run.id, fields.text('metric_key'));
      return { metrics: metrics.map(metricDocument) };
    }),
  ];

  async function create(fields: Fields, { id: author }: Principal): Promise<Run> {
    const tags = fields.tags('tags');
    const startTime = fields.optionalNumber('start_time') ?? now();
    return tracking.createRun({
      experimentId: fields.optionalText('experiment_id') || '0',
      name: fields.optionalText('run_name') || tags[NAME_TAG] || `run-${startTime.toString(36)}`,
      userId: fields.optionalText('user_id') || undefined,
      startTime,
      author,
      tags,
    });
  }

  async function document(run: Run): Promise<object> {
    const [logged] = await tracking.logged([tracked(run.id)]);
    return runDocument(run, logged as Logged);
  }
}

function tracked(id: string): Tracked {
  return { kind: 'run', id };
}

/** Older clients say `run_uuid`, some send both. */
function runId(fields: Fields): string {
  return fields.optionalText('run_id') || fields.text('run_uuid');
}

function statusOf(text: string): Run['status'] {
  const status = RUN_STATUSES.find((each) => each === text);
  if (status) return status;
  throw invalidParameter(
    `There is no status ${JSON.stringify(text.slice(0, 50))}: use ${RUN_STATUSES.join(', ')}.`,
  );
}

function metricOf(fields: Fields): Metric {
  return {
    key: fields.text('key'),
    value: fields.number('value'),
    timestamp: fields.optionalNumber('timestamp') ?? 0,
    step: fields.optionalNumber('step') ?? 0,
  };
}

export function paramsOf(fields: Fields): Readonly<Record<string, string>> {
  const params = atMost(MOST_ENTRIES, 'params', fields.list('params'));
  const read = new Map<string, string>();
  for (const param of params) {
    const [key, value] = [param.text('key'), param.optionalText('value') ?? ''];
    if ((read.get(key) ?? value) !== value) {
      throw invalidParameter(`The param ${JSON.stringify(key)} is given twice, with two values.`);
    }
    read.set(key, value);
  }
  return Object.fromEntries(read);
}

/** A dataset is what its digest says, under each name. */
function datasetLink(input: Fields): Link {
  const document = input.all;
  const { name, digest } = (document['dataset'] ?? {}) as { name?: unknown; digest?: unknown };
  if (typeof name !== 'string' || typeof digest !== 'string') {
    throw invalidParameter('A dataset needs a name and a digest.');
  }
  const id = createHash('sha256')
    .update(JSON.stringify([name, digest]))
    .digest('hex');
  return { kind: 'dataset', id, document };
}

function modelLink(kind: 'model-input' | 'model-output', model: Fields): Link {
  return { kind, id: model.text('model_id'), document: model.all };
}

function atMost<T>(most: number, name: string, list: T[]): T[] {
  if (list.length <= most) return list;
  throw invalidParameter(
    `The field "${name}" has ${list.length} entries, at most ${most} are taken at once.`,
  );
}
