import type { AccessControl, ModelView } from '../access/access-control.ts';
import type { Principal } from '../access/principal.ts';
import { NotFoundError } from '../errors.ts';
import type { RecordsReader } from '../registry/records-reader.ts';
import type { ModelRecord } from '../registry/registry-records.ts';

/** Decides who may read and change what in the registry. Every method throws AccessRefusedError when the caller may not. */
export class ModelAccess {
  constructor(
    private readonly access: AccessControl,
    private readonly registry: Pick<RecordsReader, 'model'>,
    private readonly protectedAliases: readonly string[],
  ) {}

  /** What of the model the caller may see. */
  view(principal: Principal, model: string): Promise<ModelView> {
    return this.access.viewOf(principal, 'read', model);
  }

  read(principal: Principal, model: string, versionOrAlias: string): Promise<void> {
    return this.access.authorise(principal, 'read', { model, version: versionOrAlias });
  }

  /** To change the model itself, or to add versions. */
  writeModel(principal: Principal, model: string): Promise<void> {
    return this.access.authoriseWhole(principal, 'write', model);
  }

  writeVersion(principal: Principal, model: string, version: string): Promise<void> {
    return this.access.authorise(principal, 'write', { model, version });
  }

  /** To point an alias elsewhere, or to delete it. */
  async moveAlias(principal: Principal, model: string, alias: string): Promise<void> {
    const isProtected = this.protectedAliases.includes(alias);
    await this.access.authorise(principal, isProtected ? 'deploy' : 'write', { model, version: alias });
  }

  /** To take the model from where its callers find it: what is in production is for those who deploy. */
  async withdrawModel(principal: Principal, model: string): Promise<void> {
    await this.writeModel(principal, model);
    const { aliases = {} } = (await this.#model(model)) ?? {};
    if (this.protectedAliases.some((alias) => Object.hasOwn(aliases, alias))) {
      await this.access.authoriseWhole(principal, 'deploy', model);
    }
  }

  /** As `withdrawModel`, for one version. */
  async withdrawVersion(principal: Principal, model: string, version: string): Promise<void> {
    await this.writeVersion(principal, model, version);
    const { aliases = {} } = (await this.#model(model)) ?? {};
    for (const alias of this.protectedAliases) {
      if (Object.hasOwn(aliases, alias) && aliases[alias] === version) {
        await this.moveAlias(principal, model, alias);
      }
    }
  }

  /** What is not there is in nobody's way. */
  async #model(name: string): Promise<ModelRecord | undefined> {
    return this.registry.model(name).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });
  }
}
