import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withWorkplace } from '../engine/workplace.ts';
import { InvalidInputError, StrataError, UnavailableError } from '../errors.ts';
import { storageOfArtifact } from '../registry/artifact-storage.ts';
import type { ArtifactStore } from '../registry/artifact-store.ts';
import { folderListing } from '../registry/folder-digest.ts';
import type { Artifact, ModelVersion } from '../registry/model-version.ts';
import type { RecordsReader } from '../registry/records-reader.ts';
import { shellWord } from '../registry/registry-errors.ts';
import type { RegistryReader } from '../registry/registry-reader.ts';
import type { ReadyVersionDraft, RegistryWriter } from '../registry/registry-writer.ts';

export interface AdmittedRegistrationsOptions {
  readonly registry: Pick<RegistryWriter, 'createModel' | 'createVersion' | 'setAlias'> &
    Pick<RecordsReader, 'version'> &
    Pick<RegistryReader, 'resolve'>;
  readonly artifacts: Pick<ArtifactStore, 'put'>;
  /** Waits so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** How long an admission is waited for. @default 600,000: ten minutes */
  readonly patienceMs?: number;
}

/** Asked this often at first, in milliseconds, and less and less often. */
const PACE = { first: 100, factor: 1.3, most: 2_000 } as const;

/**
 * Registers versions of which the files are stored already, in a registry that admits them first: a version is made, its
 * admission waited for, and only then does an alias point at it.
 */
export function admittedRegistrations(
  options: AdmittedRegistrationsOptions,
): Pick<RegistryWriter, 'registerVersion'> {
  return { registerVersion: (draft) => register(draft, options) };
}

async function register(
  { model, artifact, alias, actor }: ReadyVersionDraft,
  options: AdmittedRegistrationsOptions,
): Promise<ModelVersion> {
  const { registry, artifacts } = options;
  if (artifact.files) await storeListing(artifact, artifacts);
  await registry.createModel({ name: model, actor }).catch((error: unknown) => {
    if (!(error instanceof StrataError) || error.code !== 'MODEL_EXISTS') throw error;
  });
  const source = `sha256:${artifact.digest}`;
  const made = await registry.createVersion({ model, source, storage: storageOfArtifact(artifact), actor });
  await admitted(model, made.version, options);
  if (alias !== undefined) await registry.setAlias({ model, alias, version: made.version, actor });
  return registry.resolve(model, made.version);
}

/** Under the digest of all files lies the list that the digest is of. */
async function storeListing(
  { digest, files = [] }: Artifact,
  artifacts: Pick<ArtifactStore, 'put'>,
): Promise<void> {
  await withWorkplace('strata-listing-', async (folder) => {
    const path = join(folder, 'files');
    const listing = folderListing(files);
    await writeFile(path, listing);
    await artifacts.put({ digest, size: Buffer.byteLength(listing) }, path);
  });
}

async function admitted(
  model: string,
  version: string,
  { registry, sleep, patienceMs = 600_000 }: AdmittedRegistrationsOptions,
): Promise<void> {
  let pause: number = PACE.first;
  for (let waited = 0; waited < patienceMs; waited += pause) {
    const { status, statusMessage = 'No reason was given.' } = await registry.version(model, version);
    if (status === 'READY') return;
    if (status === 'FAILED_REGISTRATION') {
      throw new InvalidInputError(
        'VERSION_REFUSED',
        `Version ${version} of the model ${JSON.stringify(model)} was refused. ${statusMessage}`,
      );
    }
    pause = Math.min(pause * PACE.factor, PACE.most);
    await sleep(pause);
  }
  throw new UnavailableError(
    'ADMISSION_PENDING',
    `Version ${version} of the model ${JSON.stringify(model)} is made and not yet admitted. Look again with ` +
      `\`strata models ${shellWord(model)}\`; if it stays so, see the executions of the admission's state machine.`,
  );
}
