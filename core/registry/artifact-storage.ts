import type { Artifact } from './model-version.ts';

const ONE = 'sha256:';
const SEVERAL = 'sha256-files:';

/** How a version's record names files that are stored by digest already. */
export function storageOfArtifact({ digest, files }: Pick<Artifact, 'digest' | 'files'>): string {
  return `${files ? SEVERAL : ONE}${digest}`;
}

/** What is stored under the digest that a version's record names: the ONNX file, or the list of all files. */
export type StoredByDigest = { readonly digest: string; readonly isList: boolean };

/** @returns undefined when its files lie elsewhere */
export function digestOfStorage(storage: string | undefined): StoredByDigest | undefined {
  const [, prefix, digest] = /^(sha256:|sha256-files:)([0-9a-f]{64})$/.exec(storage ?? '') ?? [];
  return digest === undefined ? undefined : { digest, isList: prefix === SEVERAL };
}
