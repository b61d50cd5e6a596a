import { readdir, stat } from 'node:fs/promises';
import { basename, join, parse, resolve } from 'node:path';
import { InvalidInputError } from '../core/errors.ts';
import { isModelName, isVersionNumber } from '../core/registry/names.ts';

/** A file that is to be served. */
export interface FoundFile {
  readonly path: string;
  readonly model: string;
  readonly version: string;
  /** Changes whenever the file does. */
  readonly stamp: string;
}

/** What stands in a version's folder. */
const FILE = 'model.onnx';

/**
 * Finds models below a path: one ONNX file; or a folder with `<model>/<version>/model.onnx` (Triton's layout),
 * `<model>.onnx`, or, as the folder of one model, `<version>/model.onnx`. Whatever else is there is passed over.
 *
 * @throws InvalidInputError `FILE_NOT_FOUND`, `INVALID_MODEL_NAME`
 */
export async function findModels(path: string): Promise<FoundFile[]> {
  const root = resolve(path);
  const stats = await stat(root).catch((cause: unknown) => {
    throw new InvalidInputError('FILE_NOT_FOUND', `There is no file or folder ${path}.`, { cause });
  });
  if (!stats.isDirectory()) return found([[root, nameOf(root), '1']]);
  const below = await names(root);
  const candidates = await Promise.all(below.map((name) => candidatesIn(root, name)));
  return found(candidates.flat());
}

type Candidate = readonly [path: string, model: string, version: string];

async function candidatesIn(root: string, name: string): Promise<Candidate[]> {
  const path = join(root, name);
  if (name.endsWith('.onnx')) return [[path, nameOf(path), '1']];
  if (isVersionNumber(name)) return [[join(path, FILE), nameOf(root), name]];
  const versions = (await names(path)).filter(isVersionNumber);
  return versions.map((version) => [join(path, version, FILE), name, version]);
}

async function found(candidates: readonly Candidate[]): Promise<FoundFile[]> {
  const files = candidates.map(async ([path, model, version]) => {
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile() || !isModelName(model)) return undefined;
    return { path, model, version, stamp: `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}` };
  });
  return (await Promise.all(files)).filter((file) => file !== undefined);
}

/** A folder that cannot be read, or is none, holds nothing. Hidden files and those of Kubernetes' mounts are left out. */
async function names(folder: string): Promise<string[]> {
  const all = await readdir(folder).catch(() => []);
  return all.filter((name) => !name.startsWith('.')).sort();
}

function nameOf(path: string): string {
  return basename(path, parse(path).ext === '.onnx' ? '.onnx' : '');
}
