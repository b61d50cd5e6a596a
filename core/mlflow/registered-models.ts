import type { RecordsReader } from '../registry/records-reader.ts';
import { STAGES, type Stage } from '../registry/registry-records.ts';
import type { RegistryWriter } from '../registry/registry-writer.ts';
import { modelDocument, newestOfStages, versionDocuments } from './documents.ts';
import type { Fields } from './fields.ts';
import { invalidParameter } from './mlflow-error.ts';
import { type MlflowRoute, route } from './mlflow-route.ts';
import type { ModelAccess } from './model-access.ts';

/** `registered-models/…` but aliases and searches. */
export function registeredModelRoutes(
  registry: RecordsReader & RegistryWriter,
  may: ModelAccess,
): MlflowRoute[] {
  const latest: Parameters<typeof route>[3] = async (fields, principal) => {
    const name = fields.text('name');
    const stages = fields.texts('stages').map(stageOf);
    const view = await may.view(principal, name);
    const { versions } = view.of(await registry.model(name));
    const newest = newestOfStages(versions).filter(
      ({ stage }) => stages.length === 0 || stages.includes(stage),
    );
    return newest.length === 0 ? {} : { model_versions: await versionDocuments(registry, newest) };
  };
  return [
    route('POST', 'registered-models/create', 'write', async (fields, principal) => {
      const name = fields.text('name');
      await may.writeModel(principal, name);
      const model = await registry.createModel({
        name,
        notes: fields.optionalText('description'),
        tags: fields.tags('tags'),
        actor: principal.id,
      });
      return { registered_model: await modelDocument(registry, model) };
    }),
    route('GET', 'registered-models/get', 'read', async (fields, principal) => {
      const name = fields.text('name');
      const view = await may.view(principal, name);
      return { registered_model: await modelDocument(registry, view.of(await registry.model(name))) };
    }),
    route('PATCH', 'registered-models/update', 'write', async (fields, principal) => {
      const model = fields.text('name');
      const notes = fields.optionalText('description') ?? '';
      await may.writeModel(principal, model);
      const updated = await registry.updateModel({ model, notes, actor: principal.id });
      return { registered_model: await modelDocument(registry, updated) };
    }),
    route('POST', 'registered-models/rename', 'write', async (fields, principal) => {
      const model = fields.text('name');
      const newName = fields.text('new_name');
      await may.withdrawModel(principal, model);
      await may.writeModel(principal, newName);
      const renamed = await registry.renameModel({ model, newName, actor: principal.id });
      return { registered_model: await modelDocument(registry, renamed) };
    }),
    route('DELETE', 'registered-models/delete', 'write', async (fields, principal) => {
      const model = fields.text('name');
      await may.withdrawModel(principal, model);
      await registry.deleteModel({ model, actor: principal.id });
      return {};
    }),
    route('POST', 'registered-models/get-latest-versions', 'read', latest),
    route('GET', 'registered-models/get-latest-versions', 'read', latest),
    route('POST', 'registered-models/set-tag', 'write', async (fields, principal) => {
      const { model, key } = tagTarget(fields);
      const value = fields.anyText('value');
      await may.writeModel(principal, model);
      await registry.setTag({ model, key, actor: principal.id }, value);
      return {};
    }),
    route('DELETE', 'registered-models/delete-tag', 'write', async (fields, principal) => {
      const { model, key } = tagTarget(fields);
      await may.writeModel(principal, model);
      await registry.deleteTag({ model, key, actor: principal.id });
      return {};
    }),
  ];
}

function tagTarget(fields: Fields): { readonly model: string; readonly key: string } {
  return { model: fields.text('name'), key: fields.text('key') };
}

/** Stages are taken in any case. */
export function stageOf(text: string): Stage {
  const stage = STAGES.find((each) => each.toLowerCase() === text.toLowerCase());
  if (stage) return stage;
  throw invalidParameter(`There is no stage ${JSON.stringify(text)}: use ${STAGES.join(', ')}.`);
}
