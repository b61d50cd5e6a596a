import type { ModelVersion } from '../registry/model-version.ts';
import { isVersionNumber } from '../registry/names.ts';
import type { RegistryReader } from '../registry/registry-reader.ts';
import type { Engine } from './engine.ts';

/**
 * A registry as a process can serve it that has opened as many models as it should: where an alias moved to a version that
 * it would have to open, the alias still means the version that it holds. So the answer, its headers, the metadata and the
 * prediction log all name the version that computed it. A version that is asked for by its number is never replaced.
 */
export class SteadyRegistry implements RegistryReader {
  readonly #registry: RegistryReader;
  readonly #engine: Pick<Engine, 'insteadOf'>;

  constructor(registry: RegistryReader, engine: Pick<Engine, 'insteadOf'>) {
    this.#registry = registry;
    this.#engine = engine;
  }

  ping(): Promise<void> {
    return this.#registry.ping();
  }

  modelNames(): Promise<string[]> {
    return this.#registry.modelNames();
  }

  model(name: string) {
    return this.#registry.model(name);
  }

  async resolve(name: string, versionOrAlias?: string): Promise<ModelVersion> {
    const version = await this.#registry.resolve(name, versionOrAlias);
    if (versionOrAlias !== undefined && isVersionNumber(versionOrAlias)) return version;
    return this.#engine.insteadOf(version) ?? version;
  }
}
