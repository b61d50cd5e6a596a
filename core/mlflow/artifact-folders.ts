import type { Principal } from '../access/principal.ts';
import { NotFoundError, PermissionDeniedError } from '../errors.ts';
import type { RecordsReader } from '../registry/records-reader.ts';
import { draftFolder, folderOfStorage, isKey } from '../registry/staging-keys.ts';
import type { LoggedModel, Run } from '../registry/tracking-records.ts';
import type { Tracked, TrackingStore } from '../registry/tracking-store.ts';
import { invalidParameter } from './mlflow-error.ts';
import type { ModelAccess } from './model-access.ts';
import { climbs } from './version-source.ts';

const ARTIFACTS = 'artifacts';
const MODELS = 'models';
const REGISTERED = 'registered';

/** Where the files of a registered version are, as clients name it. The name is encoded: it may hold anything. */
export function versionArtifacts(model: string, version: string): string {
  return `mlflow-artifacts:/${REGISTERED}/${Buffer.from(model).toString('base64url')}/${version}`;
}

/**
 * Finds the place in the staging store that a client's path means. Three kinds of folders are there, each named by ids that
 * this registry gave: `<experiment>/<run>/artifacts`, `<experiment>/models/<logged model>/artifacts`, and
 * `registered/<name, base64url>/<version>`, which is only read. What is in a path behind them stays behind them.
 */
export class ArtifactFolders {
  constructor(
    private readonly tracking: Pick<TrackingStore, 'run' | 'loggedModel'>,
    private readonly registry: Pick<RecordsReader, 'version'>,
    private readonly may: Pick<ModelAccess, 'read'>,
  ) {}

  /**
   * The key to read at.
   * @param path as the client sent it, decoded once
   * @returns undefined when there is no such folder
   * @throws InvalidInputError `INVALID_PARAMETER_VALUE` for a path that leads out of its folder
   */
  async toRead(path: string, principal: Principal): Promise<string | undefined> {
    const segments = segmentsOf(path);
    const [first = '', second = '', third = ''] = segments;
    try {
      if (first === REGISTERED) {
        return joined(await this.#versionFolder(second, third, principal), segments.slice(3));
      }
      const draft = draftOf(segments);
      if (draft === undefined) return undefined;
      await this.#record(draft);
      return joined(draftFolder(draft.tracked), draft.rest);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /**
   * The key to write at: only who made a run or logged model writes its files, and nobody those of a version.
   * @throws InvalidInputError `INVALID_PARAMETER_VALUE`
   * @throws NotFoundError, PermissionDeniedError
   */
  async toWrite(path: string, principal: Principal): Promise<string> {
    const draft = draftOf(segmentsOf(path));
    if (draft === undefined || draft.rest.length === 0) {
      throw invalidParameter(
        'Files are written below the artifact_uri of a run or a logged model: create one, and write there.',
      );
    }
    const { author } = await this.#record(draft);
    if (author !== principal.id && !principal.scopes.includes('admin')) {
      throw new PermissionDeniedError(
        'The files of a run or logged model are written by whoever created it. Log the model again as yourself.',
      );
    }
    return joined(draftFolder(draft.tracked), draft.rest);
  }

  async #record({ tracked, experimentId }: Draft): Promise<Run | LoggedModel> {
    const { kind, id } = tracked;
    const record = kind === 'run' ? await this.tracking.run(id) : await this.tracking.loggedModel(id);
    if (record.experimentId === experimentId) return record;
    throw new NotFoundError('ARTIFACT_NOT_FOUND', 'There is no such folder of artifacts.');
  }

  async #versionFolder(name: string, version: string, principal: Principal): Promise<string> {
    const model = Buffer.from(name, 'base64url').toString();
    await this.may.read(principal, model, version);
    const { storage } = await this.registry.version(model, version);
    const folder = folderOfStorage(storage);
    if (folder !== undefined) return folder;
    throw new NotFoundError('ARTIFACT_NOT_FOUND', 'The files of this version lie elsewhere.');
  }
}

interface Draft {
  readonly experimentId: string;
  readonly tracked: Tracked;
  readonly rest: readonly string[];
}

function draftOf(segments: readonly string[]): Draft | undefined {
  const [experimentId = '', second = '', third = '', fourth] = segments;
  if (second === MODELS && fourth === ARTIFACTS) {
    return { experimentId, tracked: { kind: 'loggedModel', id: third }, rest: segments.slice(4) };
  }
  if (third !== ARTIFACTS) return undefined;
  return { experimentId, tracked: { kind: 'run', id: second }, rest: segments.slice(3) };
}

/** @throws InvalidInputError `INVALID_PARAMETER_VALUE` */
function segmentsOf(path: string): string[] {
  const segments = path.replace(/^\/+|\/+$/g, '').split('/');
  const isPlain = segments.every((segment) => !['', '.', '..'].includes(segment));
  if (path === '') return [];
  if (isPlain && !climbs(path) && !/[\\\p{Cc}]/u.test(path) && path.isWellFormed()) return segments;
  throw invalidParameter(
    `The path ${JSON.stringify(path.slice(0, 200))} is none of a file: use names joined by "/", without "..", "." and "\\".`,
  );
}

function joined(folder: string, rest: readonly string[]): string {
  const key = [folder, ...rest].join('/');
  if (isKey(key)) return key;
  throw invalidParameter('The path of the file is too long: at most about 900 bytes can be kept.');
}
