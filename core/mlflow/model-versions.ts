import type { Principal } from '../access/principal.ts';
import type { RecordsReader } from '../registry/records-reader.ts';
import type { RegistryWriter, VersionTarget } from '../registry/registry-writer.ts';
import { folderOfStorage } from '../registry/staging-keys.ts';
import { versionArtifacts } from './artifact-folders.ts';
import { versionDocuments, versionWithAliases } from './documents.ts';
import type { Fields } from './fields.ts';
import { invalidParameter } from './mlflow-error.ts';
import { type MlflowRoute, route } from './mlflow-route.ts';
import type { ModelAccess } from './model-access.ts';
import { stageOf } from './registered-models.ts';
import type { VersionFiles } from './version-files.ts';
import { versionNumber } from './version-number.ts';
import { originOf } from './version-source.ts';

/** What stands in the item of a version, which is read with every read of its model. */
const MAX_ID_LENGTH = 250;
const MAX_LINK_LENGTH = 2048;

/** `model-versions/…` but searches. */
export function modelVersionRoutes(
  registry: RecordsReader & RegistryWriter,
  may: ModelAccess,
  files?: VersionFiles,
): MlflowRoute[] {
  return [
    route('POST', 'model-versions/create', 'write', async (fields, principal) => {
      const name = fields.text('name');
      await may.writeModel(principal, name);
      const model = await registry.model(name);
      const origin = await originOf(model, readOrigin(fields), {
        version: async (other, version) => {
          await may.read(principal, other, version);
          return registry.version(other, version);
        },
        loggedModel: files && ((id) => files.ofLoggedModel(id)),
      });
      const version = await registry.createVersion({
        model: name,
        ...origin,
        storage: (await files?.kept(origin.storage, principal)) ?? origin.storage,
        runLink: fields.shortText('run_link', MAX_LINK_LENGTH),
        notes: fields.optionalText('description') || undefined,
        tags: fields.tags('tags'),
        actor: principal.id,
      });
      return { model_version: (await versionDocuments(registry, [version]))[0] };
    }),
    route('GET', 'model-versions/get', 'read', async (fields, principal) => {
      const { model: name, version: number } = await readable(fields, principal);
      const [version, model] = await Promise.all([registry.version(name, number), registry.model(name)]);
      const { aliases } = (await may.view(principal, name)).of(model);
      return { model_version: await versionWithAliases(registry, version, { aliases }) };
    }),
    route('PATCH', 'model-versions/update', 'write', async (fields, principal) => {
      const target = await writable(fields, principal);
      const notes = fields.optionalText('description') ?? '';
      const version = await registry.updateVersion({ ...target, notes });
      return { model_version: (await versionDocuments(registry, [version]))[0] };
    }),
    route('POST', 'model-versions/transition-stage', 'write', async (fields, principal) => {
      const stage = stageOf(fields.text('stage'));
      const archiveOthers = fields.flag('archive_existing_versions');
      if (archiveOthers && (stage === 'None' || stage === 'Archived')) {
        throw invalidParameter(
          `Versions that are ${stage} cannot be archived: use archive_existing_versions with Staging or Production.`,
        );
      }
      const target = await writable(fields, principal);
      if (archiveOthers) await may.writeModel(principal, target.model);
      const version = await registry.transitionStage({ ...target, stage, archiveOthers });
      return { model_version: (await versionDocuments(registry, [version]))[0] };
    }),
    route('DELETE', 'model-versions/delete', 'write', async (fields, principal) => {
      const target = targetOf(fields, principal);
      await may.withdrawVersion(principal, target.model, target.version);
      await registry.deleteVersion(target);
      return {};
    }),
    route('GET', 'model-versions/get-download-uri', 'read', async (fields, principal) => {
      const { model, version } = await readable(fields, principal);
      const { storage, source } = await registry.version(model, version);
      const isHere = folderOfStorage(storage) !== undefined;
      return { artifact_uri: isHere ? versionArtifacts(model, version) : (storage ?? source) };
    }),
    route('POST', 'model-versions/set-tag', 'write', async (fields, principal) => {
      const key = fields.text('key');
      const value = fields.anyText('value');
      const target = await writable(fields, principal);
      await registry.setTag({ ...target, key }, value);
      return {};
    }),
    route('DELETE', 'model-versions/delete-tag', 'write', async (fields, principal) => {
      const key = fields.text('key');
      const target = await writable(fields, principal);
      await registry.deleteTag({ ...target, key });
      return {};
    }),
  ];

  async function readable(fields: Fields, principal: Principal): Promise<VersionTarget> {
    const target = targetOf(fields, principal);
    await may.read(principal, target.model, target.version);
    return target;
  }

  async function writable(fields: Fields, principal: Principal): Promise<VersionTarget> {
    const target = targetOf(fields, principal);
    await may.writeVersion(principal, target.model, target.version);
    return target;
  }
}

function targetOf(fields: Fields, principal: Principal): VersionTarget {
  return { model: fields.text('name'), version: versionNumber(fields), actor: principal.id };
}

function readOrigin(fields: Fields) {
  return {
    source: fields.text('source'),
    runId: fields.shortText('run_id', MAX_ID_LENGTH),
    loggedModelId: fields.shortText('model_id', MAX_ID_LENGTH),
  };
}
