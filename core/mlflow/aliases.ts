import { assertAlias, isAlias } from '../registry/names.ts';
import type { RecordsReader } from '../registry/records-reader.ts';
import { versionNotFound } from '../registry/registry-errors.ts';
import type { RegistryWriter } from '../registry/registry-writer.ts';
import { versionWithAliases } from './documents.ts';
import { invalidParameter } from './mlflow-error.ts';
import { type MlflowRoute, route } from './mlflow-route.ts';
import type { ModelAccess } from './model-access.ts';
import { versionNumber } from './version-number.ts';

/** What stands for the newest version wherever an alias is read. */
const LATEST = 'latest';

/** `registered-models/alias`. */
export function aliasRoutes(registry: RecordsReader & RegistryWriter, may: ModelAccess): MlflowRoute[] {
  return [
    route('POST', 'registered-models/alias', 'move', async (fields, principal) => {
      const model = fields.text('name');
      const alias = fields.text('alias');
      const version = versionNumber(fields);
      assertAlias(alias);
      await may.moveAlias(principal, model, alias);
      await registry.setAlias({ model, alias, version, actor: principal.id });
      return {};
    }),
    route('DELETE', 'registered-models/alias', 'move', async (fields, principal) => {
      const model = fields.text('name');
      const alias = fields.text('alias');
      assertAlias(alias);
      await may.moveAlias(principal, model, alias);
      await registry.deleteAlias({ model, alias, actor: principal.id });
      return {};
    }),
    route('GET', 'registered-models/alias', 'read', async (fields, principal) => {
      const name = fields.text('name');
      const alias = fields.text('alias');
      const isLatest = alias.toLowerCase() === LATEST;
      const view = await may.view(principal, name);
      const model = view.of(await registry.model(name));
      const number = isLatest ? model.versions.at(-1)?.version : aliasTarget(model.aliases, alias);
      const version = model.versions.find((each) => each.version === number);
      if (version === undefined && isLatest) throw versionNotFound(name, alias);
      if (version === undefined) {
        throw invalidParameter(`The model ${JSON.stringify(name)} has no alias ${JSON.stringify(alias)}.`);
      }
      return { model_version: await versionWithAliases(registry, version, model) };
    }),
  ];
}

function aliasTarget(aliases: Readonly<Record<string, string>>, alias: string): string | undefined {
  return isAlias(alias) && Object.hasOwn(aliases, alias) ? aliases[alias] : undefined;
}
