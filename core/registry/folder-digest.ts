import { createHash } from 'node:crypto';
import type { ArtifactFile } from './model-version.ts';

/**
 * SHA-256 over all files of a model: of the lines `<digest>  <name>`, in the order of names, as
 * `sha256sum model.onnx model.onnx.data | sha256sum` prints it.
 */
export function folderDigest(files: readonly Omit<ArtifactFile, 'size'>[]): string {
  return createHash('sha256').update(folderListing(files)).digest('hex');
}

/** The lines themselves: what the digest is of, and so what can be stored under it. */
export function folderListing(files: readonly Omit<ArtifactFile, 'size'>[]): string {
  const lines = files
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ digest, name }) => `${digest}  ${name}\n`);
  return lines.join('');
}

/** @returns undefined when the text is no such listing */
export function readFolderListing(text: string): Omit<ArtifactFile, 'size'>[] | undefined {
  const files = text
    .split('\n')
    .slice(0, -1)
    .map((line) => /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [])
    .map(([, digest = '', name = '']) => ({ digest, name }));
  return folderListing(files) === text && files.length > 0 ? files : undefined;
}

/** Whether a name of a file stays below the folder that it is relative to. */
export function staysInFolder(name: string): boolean {
  return /^(?!.*(^|\/)\.{1,2}(\/|$))[^/\\\0]+(\/[^/\\\0]+)*$/.test(name);
}
