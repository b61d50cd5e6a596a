import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, parse, resolve } from 'node:path';
import { InvalidInputError } from '../core/errors.ts';
import { assertModelName, isVersionNumber } from '../core/registry/names.ts';

/** A file that is to be served. */
export interface FoundFile {
  readonly path: string;
  readonly model: string;
  readonly version: string;
  /** Changes whenever the file does. */
  readonly stamp: string;
}

/** A file or folder, and why nothing comes of it. */
export interface PathProblem {
  readonly path: string;
  readonly error: unknown;
}

/** What stands below a path. */
export interface FoundModels {
  readonly files: readonly FoundFile[];
  /** Files that no model can be made of: `INVALID_MODEL_NAME`, `MODEL_TWICE`. */
  readonly refused: readonly PathProblem[];
  /** What is there and could not be read now: nobody knows what is below. */
  readonly unreadable: readonly PathProblem[];
}

/** What stands in a version's folder. */
const FILE = 'model.onnx';

/** Nothing is there. Other failures say nothing about what is. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/**
 * Finds models below a path: one ONNX file; or a folder with `<model>/<version>/model.onnx` (Triton's layout),
 * `<model>.onnx`, or, as the folder of one model, `<version>/model.onnx`. Whatever else is there is passed over.
 *
 * @throws InvalidInputError `FILE_NOT_FOUND`
 */
export async function findModels(path: string): Promise<FoundModels> {
  const root = resolve(path);
  const unreadable: PathProblem[] = [];
  const read = async <T>(at: string, reading: Promise<T>): Promise<T | undefined> => {
    try {
      return await reading;
    } catch (error) {
      if (!ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) unreadable.push({ path: at, error });
      return undefined;
    }
  };
  const stats = await read(root, stat(root));
  if (!stats && unreadable.length === 0)
    throw new InvalidInputError('FILE_NOT_FOUND', `There is no file or folder ${path}.`);
  const candidates = !stats
    ? []
    : stats.isDirectory()
      ? await candidatesBelow(root, async (folder) => visible((await read(folder, readdir(folder))) ?? []))
      : [{ path: root, model: nameOf(root), version: '1' }];
  const looks = candidates.map(async (each) => ({ each, stats: await read(each.path, stat(each.path)) }));
  const files = (await Promise.all(looks)).flatMap(({ each, stats: of }) =>
    of?.isFile() ? { ...each, stamp: stampOf(of) } : [],
  );
  return { ...sorted(files), unreadable };
}

type Candidate = Omit<FoundFile, 'stamp'>;
type Names = (folder: string) => Promise<string[]>;

async function candidatesBelow(root: string, names: Names): Promise<Candidate[]> {
  const below = await names(root);
  return (await Promise.all(below.map((name) => candidatesIn(root, name, names)))).flat();
}

async function candidatesIn(root: string, name: string, names: Names): Promise<Candidate[]> {
  const path = join(root, name);
  if (name.endsWith('.onnx')) return [{ path, model: nameOf(path), version: '1' }];
  if (isVersionNumber(name)) return [{ path: join(path, FILE), model: nameOf(root), version: name }];
  const versions = (await names(path)).filter(isVersionNumber);
  return versions.map((version) => ({ path: join(path, version, FILE), model: name, version }));
}

/** Of files for the same version of a model the last is served. */
function sorted(files: readonly FoundFile[]): Pick<FoundModels, 'files' | 'refused'> {
  const served = new Map<string, FoundFile>();
  const refused: PathProblem[] = [];
  for (const file of files) {
    const { path, model, version } = file;
    try {
      assertModelName(model);
    } catch (error) {
      refused.push({ path, error });
      continue;
    }
    const key = `${model}/${version}`;
    const former = served.get(key);
    if (former) refused.push({ path: former.path, error: twice(former, file) });
    served.set(key, file);
  }
  return { files: [...served.values()], refused };
}

function twice({ model, version }: FoundFile, { path }: FoundFile): InvalidInputError {
  const message = `Version ${version} of "${model}" is there twice; ${path} is served. Remove one of them, or give it another version.`;
  return new InvalidInputError('MODEL_TWICE', message);
}

function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

/** Hidden files and those of Kubernetes' mounts are left out. */
function visible(names: readonly string[]): string[] {
  return names.filter((name) => !name.startsWith('.')).sort();
}

function nameOf(path: string): string {
  return basename(path, parse(path).ext === '.onnx' ? '.onnx' : '');
}
