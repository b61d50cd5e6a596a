import type { VerifyVersion } from './manifest-trust.ts';
import type { ModelVersion, RegisteredModel } from './model-version.ts';
import type { RegistryReader } from './registry-reader.ts';

/** A registry of which only admitted versions can be had: `resolve` throws UnavailableError `SIGNATURE_INVALID` for others. */
export class VerifiedRegistry implements RegistryReader {
  constructor(
    private readonly registry: RegistryReader,
    private readonly verify: VerifyVersion,
  ) {}

  ping(): Promise<void> {
    return this.registry.ping();
  }

  modelNames(): Promise<string[]> {
    return this.registry.modelNames();
  }

  model(name: string): Promise<RegisteredModel> {
    return this.registry.model(name);
  }

  async resolve(name: string, versionOrAlias?: string): Promise<ModelVersion> {
    const version = await this.registry.resolve(name, versionOrAlias);
    this.verify(version);
    return version;
  }
}
