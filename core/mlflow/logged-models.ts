import { LOGGED_MODEL_STATUSES, type Logged, type LoggedModel } from '../registry/tracking-records.ts';
import type { Tracked, TrackingStore } from '../registry/tracking-store.ts';
import { invalidParameter } from './mlflow-error.ts';
import { type MlflowRoute, route, routeOf } from './mlflow-route.ts';
import { paramsOf } from './runs.ts';
import { loggedModelDocument } from './tracking-documents.ts';

/** `logged-models/…` but searches. */
export function loggedModelRoutes(tracking: TrackingStore): MlflowRoute[] {
  return [
    route('POST', 'logged-models', 'write', async (fields, { id: author }) => {
      const sourceRunId = fields.optionalText('source_run_id') || undefined;
      if (sourceRunId !== undefined) await tracking.run(sourceRunId);
      const model = await tracking.createLoggedModel({
        experimentId: fields.optionalText('experiment_id') || '0',
        name: fields.optionalText('name') || 'model',
        modelType: fields.optionalText('model_type') || undefined,
        sourceRunId,
        author,
        params: paramsOf(fields),
        tags: fields.tags('tags'),
      });
      return answer(model);
    }),
    routeOf('GET', 'logged-models/{id}', 'read', async (id) => answer(await tracking.loggedModel(id))),
    routeOf('PATCH', 'logged-models/{id}', 'write', async (id, fields) => {
      const text = fields().text('status');
      const status = LOGGED_MODEL_STATUSES.find((each) => each === text);
      if (status) return answer(await tracking.finishLoggedModel(id, status));
      throw invalidParameter(
        `There is no status ${JSON.stringify(text.slice(0, 50))}: use ${LOGGED_MODEL_STATUSES.join(', ')}.`,
      );
    }),
    routeOf('DELETE', 'logged-models/{id}', 'write', async (id) => {
      await tracking.deleteLoggedModel(id);
      return {};
    }),
    routeOf('PATCH', 'logged-models/{id}/tags', 'write', async (id, fields) => {
      await tracking.log(tracked(id), { tags: fields().tags('tags') });
      return {};
    }),
    routeOf('DELETE', 'logged-models/{id}/tags/{key}', 'write', async (id, _fields, { path }) => {
      await tracking.deleteTag(tracked(id), path['key'] ?? '');
      return {};
    }),
    routeOf('POST', 'logged-models/{id}/params', 'write', async (id, fields) => {
      await tracking.log(tracked(id), { params: paramsOf(fields()) });
      return {};
    }),
  ];

  async function answer(model: LoggedModel): Promise<object> {
    const [logged] = await tracking.logged([tracked(model.id)]);
    return { model: loggedModelDocument(model, logged as Logged) };
  }
}

function tracked(id: string): Tracked {
  return { kind: 'loggedModel', id };
}
