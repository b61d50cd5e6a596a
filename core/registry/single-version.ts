import type { ModelVersion, RegisteredModel } from './model-version.ts';
import { CHAMPION } from './names.ts';
import { modelNotFound, versionNotFound } from './registry-errors.ts';
import type { RegistryReader } from './registry-reader.ts';

/** A registry that holds one version, the champion: for a server that serves one file. */
export function singleVersionRegistry(version: ModelVersion): RegistryReader {
  const model: RegisteredModel = {
    name: version.model,
    createdAt: version.createdAt,
    versions: [version],
    aliases: { [CHAMPION]: version.version },
  };
  const find = (name: string) => {
    if (name !== model.name) throw modelNotFound(name);
    return model;
  };
  return {
    ping: async () => {},
    modelNames: async () => [model.name],
    model: async (name) => find(name),
    resolve: async (name, versionOrAlias = CHAMPION) => {
      find(name);
      if (versionOrAlias !== CHAMPION && versionOrAlias !== version.version)
        throw versionNotFound(name, versionOrAlias);
      return version;
    },
  };
}
