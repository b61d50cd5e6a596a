import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describeModel } from '../../../core/onnx/describe-model.ts';
import { ArtifactMissingError, type ArtifactReader } from '../../../core/registry/artifact-reader.ts';
import type { Artifact, ModelVersion } from '../../../core/registry/model-version.ts';
import { modelFile } from './model-file.ts';

export function artifactOf(bytes: Uint8Array): Artifact {
  return { digest: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
}

/** The version that registering a test model would make. */
export function versionOf(name: string): ModelVersion {
  const bytes = modelFile(name);
  return {
    model: name,
    version: '1',
    status: 'READY',
    artifact: artifactOf(bytes),
    description: describeModel(bytes),
    createdAt: '2026-01-01T00:00:00Z',
  };
}

/** A store in memory that counts how often each artifact is opened, in small chunks as a network would give them. */
export class MemoryArtifacts implements ArtifactReader {
  readonly opened: string[] = [];
  readonly #bytes = new Map<string, Uint8Array>();

  put(artifact: Artifact, bytes: Uint8Array): this {
    this.#bytes.set(artifact.digest, bytes);
    return this;
  }

  async open(artifact: Artifact): Promise<Readable> {
    this.opened.push(artifact.digest);
    const bytes = this.#bytes.get(artifact.digest);
    if (!bytes) throw new ArtifactMissingError(artifact);
    return Readable.from(chunks(bytes));
  }
}

/** A store that holds the named test models. */
export function storeWith(...names: string[]): MemoryArtifacts {
  const store = new MemoryArtifacts();
  for (const name of names) store.put(artifactOf(modelFile(name)), modelFile(name));
  return store;
}

function* chunks(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 32) yield bytes.subarray(start, start + 32);
}
