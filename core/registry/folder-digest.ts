import { createHash } from 'node:crypto';
import type { ArtifactFile } from './model-version.ts';

/**
 * SHA-256 over all files of a model: of the lines `<digest>  <name>`, in the order of names, as
 * `sha256sum model.onnx model.onnx.data | sha256sum` prints it.
 */
export function folderDigest(files: readonly Omit<ArtifactFile, 'size'>[]): string {
  const lines = files
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ digest, name }) => `${digest}  ${name}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** Whether a name of a file stays below the folder that it is relative to. */
export function staysInFolder(name: string): boolean {
  return /^(?!.*(^|\/)\.{1,2}(\/|$))[^/\\\0]+(\/[^/\\\0]+)*$/.test(name);
}
