import { randomUUID } from 'node:crypto';
import type { Principal } from '../access/principal.ts';
import { storageOf, versionFolder } from '../registry/staging-keys.ts';
import type { StagingStore } from '../registry/staging-store.ts';
import type { TrackingStore } from '../registry/tracking-store.ts';
import type { ArtifactFolders } from './artifact-folders.ts';
import { invalidParameter } from './mlflow-error.ts';
import { loggedModelArtifacts } from './tracking-documents.ts';
import type { VersionOrigin } from './version-source.ts';

const SCHEME = 'mlflow-artifacts:/';

/**
 * The files of new versions. A version gets a copy of what was pushed: whatever becomes of the run or logged model, its
 * files stay as they were, and stay when what was only pushed expires.
 */
export class VersionFiles {
  constructor(
    private readonly folders: ArtifactFolders,
    private readonly stores: {
      readonly tracking: Pick<TrackingStore, 'loggedModel'>;
      readonly staging: Pick<StagingStore, 'copyFolder'>;
    },
  ) {}

  /** @throws NotFoundError `LOGGED_MODEL_NOT_FOUND` */
  async ofLoggedModel(id: string): Promise<Pick<VersionOrigin, 'runId' | 'storage'>> {
    const model = await this.stores.tracking.loggedModel(id);
    if (model.status === 'LOGGED_MODEL_READY') {
      return { runId: model.sourceRunId, storage: loggedModelArtifacts(model) };
    }
    throw invalidParameter(
      `The logged model ${JSON.stringify(id)} is ${model.status}: its files are not all there. Log it again, and register what is ready.`,
    );
  }

  /**
   * Copies what a client pushed.
   * @param storage as the source of the version says it
   * @returns where the copy is; undefined for what is kept already, or lies elsewhere
   * @throws InvalidInputError `INVALID_PARAMETER_VALUE` when nothing was pushed there
   */
  async kept(storage: string | undefined, principal: Principal): Promise<string | undefined> {
    if (!storage?.startsWith(SCHEME) || storage.startsWith(storageOf(versionFolder('')))) return undefined;
    const path = storage.slice(SCHEME.length);
    const from = await this.folders.toRead(path, principal);
    const to = versionFolder(randomUUID());
    const files = from === undefined ? 0 : await this.stores.staging.copyFolder(from, to);
    if (files > 0) return storageOf(to);
    throw invalidParameter(
      `There are no files at ${JSON.stringify(storage.slice(0, 300))}: log the model first, for example with mlflow.onnx.log_model, and register what that returns.`,
    );
  }
}
