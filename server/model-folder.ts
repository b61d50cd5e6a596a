import { sep } from 'node:path';
import { InvalidInputError, UnavailableError } from '../core/errors.ts';
import type { Artifact, ModelVersion, RegisteredModel } from '../core/registry/model-version.ts';
import { CHAMPION, isAlias, isVersionNumber } from '../core/registry/names.ts';
import { readArtifact } from '../core/registry/read-artifact.ts';
import { modelNotFound, versionNotFound } from '../core/registry/registry-errors.ts';
import type { RegistryReader } from '../core/registry/registry-reader.ts';
import { type FoundFile, type FoundModels, findModels, type PathProblem } from './find-models.ts';
import { Refusals } from './refusals.ts';

/** What became of a folder's files when they were looked at. */
export type FolderEvent =
  | { readonly type: 'model-found' | 'model-changed'; readonly version: ModelVersion; readonly path: string }
  | { readonly type: 'model-gone'; readonly version: ModelVersion }
  /** The file cannot be served; a former one that could be is served on. */
  | { readonly type: 'model-refused'; readonly path: string; readonly error: unknown }
  /** It cannot be read for now; what was served from there is served on. Told once for as long as that lasts. */
  | { readonly type: 'folder-unreadable'; readonly path: string; readonly error: unknown }
  /** A look at the folder, or letting a version go, failed; both are tried again. */
  | { readonly type: 'reload-failed'; readonly error: unknown };

type Prepare = (version: ModelVersion) => Promise<void>;

interface Entry {
  readonly file: FoundFile;
  readonly version: ModelVersion;
  /** Where its files are, by digest. */
  readonly paths: ReadonlyMap<string, string>;
}

/** The models of a folder as a registry: the highest version of each is its champion. */
export class ModelFolder implements RegistryReader {
  /** Itself: a folder is a registry with its files beside it. */
  readonly registry: RegistryReader = this;
  readonly #path: string;
  readonly #onEvent: (event: FolderEvent) => void;
  /** By path. */
  #entries = new Map<string, Entry>();
  #models = new Map<string, RegisteredModel<ModelVersion>>();
  /** Stamps of the last look, by path: a file is read when it looks the same twice, so not while it is written. */
  #seen = new Map<string, string>();
  /** Versions that are read and not served yet, by digest. */
  readonly #coming = new Map<string, Entry>();
  readonly #refusals = new Refusals();
  /** Paths that were told as wrong at the last look. */
  #wrong: ReadonlySet<string> = new Set();

  private constructor(path: string, onEvent: (event: FolderEvent) => void) {
    this.#path = path;
    this.#onEvent = onEvent;
  }

  /**
   * @param path an ONNX file, or a folder in one of the layouts of `findModels`
   * @throws InvalidInputError `FILE_NOT_FOUND`, `FOLDER_UNREADABLE`, `NO_MODELS`, and what `readArtifact` throws when no file can be served
   */
  static async open(path: string, onEvent: (event: FolderEvent) => void = () => {}): Promise<ModelFolder> {
    const refusals: unknown[] = [];
    const folder = new ModelFolder(path, (event) => {
      if (event.type === 'model-refused') refusals.push(event.error);
      onEvent(event);
    });
    const found = await findModels(path);
    const { files } = found;
    folder.#tellProblems(found);
    folder.#seen = stampsOf(files);
    await folder.#take(files);
    if (folder.#models.size > 0) return folder;
    if (refusals.length > 0) throw refusals[0];
    const [unread] = found.unreadable;
    if (unread) throw unreadable(unread);
    throw new InvalidInputError(
      'NO_MODELS',
      `${path} holds no models. Give an ONNX file, or a folder with <model>.onnx or <model>/<version>/model.onnx.`,
    );
  }

  /**
   * Looks again: takes what is new or changed and has come to rest, and lets go what is gone.
   *
   * @param prepare called for each new version before it is served, for example to open it; it is refused when that fails
   * @returns the versions that are not served any longer, under any name
   */
  async refresh(prepare: Prepare = async () => {}): Promise<ModelVersion[]> {
    const found = await findModels(this.#path).catch(nothingWhenGone);
    const { files } = found;
    this.#tellProblems(found);
    const atRest = files.filter(({ path, stamp }) => this.#seen.get(path) === stamp);
    const moving = files.filter((file) => !atRest.includes(file));
    this.#seen = stampsOf(files);
    // What is being written is served as it was, and so is what cannot be seen.
    const kept = moving.flatMap(({ path }) => this.#entries.get(path)?.file ?? []);
    const present = new Set(files.map(({ path }) => path));
    const unseen = [...this.#entries.values()]
      .map(({ file }) => file)
      .filter(({ path }) => !present.has(path) && found.unreadable.some((at) => isBelow(path, at.path)));
    return await this.#take([...atRest, ...kept, ...unseen], prepare);
  }

  /** Paths of the files of an artifact, by their digests. @throws UnavailableError `ARTIFACT_UNAVAILABLE` */
  async locate({ digest }: Artifact): Promise<ReadonlyMap<string, string>> {
    const coming = this.#coming.get(digest);
    const served = [...this.#entries.values()].find(({ version }) => version.artifact.digest === digest);
    const { paths } = coming ?? served ?? {};
    if (paths) return paths;
    throw new UnavailableError('ARTIFACT_UNAVAILABLE', `The file with the digest ${digest} is gone.`);
  }

  /** Whether the bytes of a version are served, or about to be, under whatever name. */
  serves({ artifact: { digest } }: ModelVersion): boolean {
    return (
      this.#coming.has(digest) ||
      [...this.#entries.values()].some(({ version }) => version.artifact.digest === digest)
    );
  }

  /** The folder was read: it answers. */
  async ping(): Promise<void> {}

  async modelNames(): Promise<string[]> {
    return [...this.#models.keys()].sort();
  }

  async model(name: string): Promise<RegisteredModel<ModelVersion>> {
    const model = this.#models.get(name);
    if (!model) throw modelNotFound(name);
    return model;
  }

  async resolve(name: string, versionOrAlias: string = CHAMPION): Promise<ModelVersion> {
    const model = await this.model(name);
    const number = isAlias(versionOrAlias) ? model.aliases[versionOrAlias] : versionOrAlias;
    const version = model.versions.find((each) => each.version === number);
    if (!version || !isVersionNumber(version.version)) throw versionNotFound(name, versionOrAlias);
    return version;
  }

  async #take(files: readonly FoundFile[], prepare: Prepare = async () => {}): Promise<ModelVersion[]> {
    const entries = new Map<string, Entry>();
    for (const file of files) {
      const entry = await this.#entryFor(file, prepare);
      if (entry) entries.set(file.path, entry);
    }
    const before = this.#entries;
    this.#entries = entries;
    this.#models = modelsOf([...entries.values()]);
    for (const [path, { version }] of entries) {
      const former = before.get(path)?.version;
      if (former?.artifact.digest === version.artifact.digest) continue;
      this.#onEvent({ type: former ? 'model-changed' : 'model-found', version, path });
    }
    for (const [path, { version }] of before) {
      if (!entries.has(path)) this.#onEvent({ type: 'model-gone', version });
    }
    const served = new Set([...entries.values()].map(({ version }) => version.artifact.digest));
    return [...before.values()]
      .map(({ version }) => version)
      .filter(({ artifact }) => !served.has(artifact.digest));
  }

  async #entryFor(file: FoundFile, prepare: Prepare): Promise<Entry | undefined> {
    const known = this.#entries.get(file.path);
    if (known?.file.stamp === file.stamp || this.#refusals.holds(file)) return known;
    try {
      const { artifact, description, files } = await readArtifact(file.path);
      const { model, version: number } = file;
      const createdAt = new Date().toISOString();
      const version: ModelVersion = {
        model,
        version: number,
        status: 'READY',
        artifact,
        description,
        createdAt,
      };
      const paths = new Map(files.map(({ artifact: { digest }, path }) => [digest, path]));
      const entry = { file, version, paths };
      this.#coming.set(artifact.digest, entry);
      await prepare(version).finally(() => this.#coming.delete(artifact.digest));
      this.#refusals.delete(file.path);
      return entry;
    } catch (error) {
      if (this.#refusals.note(file, error)) this.#onEvent({ type: 'model-refused', path: file.path, error });
      return known;
    }
  }

  /** Each of them once, for as long as it lasts. */
  #tellProblems({ refused, unreadable: unread }: FoundModels): void {
    const tell = (type: 'model-refused' | 'folder-unreadable', { path, error }: PathProblem) => {
      if (!this.#wrong.has(path)) this.#onEvent({ type, path, error });
    };
    for (const problem of refused) tell('model-refused', problem);
    for (const problem of unread) tell('folder-unreadable', problem);
    this.#wrong = new Set([...refused, ...unread].map(({ path }) => path));
  }
}

function nothingWhenGone(error: unknown): FoundModels {
  if (error instanceof InvalidInputError) return { files: [], refused: [], unreadable: [] };
  throw error;
}

function unreadable({ path, error: cause }: PathProblem): InvalidInputError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${path} cannot be read (${reason}). Let the user that the server runs as read it.`;
  return new InvalidInputError('FOLDER_UNREADABLE', message, { cause });
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function stampsOf(files: readonly FoundFile[]): Map<string, string> {
  return new Map(files.map(({ path, stamp }) => [path, stamp]));
}

function modelsOf(entries: readonly Entry[]): Map<string, RegisteredModel<ModelVersion>> {
  const byName = Map.groupBy(entries, ({ version }) => version.model);
  return new Map(
    [...byName].map(([name, ofModel]) => {
      const versions = [...new Map(ofModel.map(({ version }) => [version.version, version])).values()].sort(
        (a, b) => Number(a.version) - Number(b.version),
      );
      const champion = versions.at(-1)?.version ?? '1';
      const createdAt = versions[0]?.createdAt ?? '';
      return [name, { name, createdAt, versions, aliases: { [CHAMPION]: champion } }];
    }),
  );
}
