import type { Dialect } from '../server/dialects.ts';

/** Another server of models, from PyPI. */
export interface Peer {
  /** As it calls itself. */
  readonly name: string;
  /** Version of the package that counts. */
  readonly version: string;
  /** Its files, below this folder. */
  readonly folder: string;
  readonly dialect: Dialect;
  /** Path of an inference. */
  readonly path: string;
  /** Arguments of `pip install`, pinned. */
  readonly packages: readonly string[];
  /** Program of its environment with arguments, started in its folder. */
  command(port: number): readonly string[];
  /** Beside `PEER_MODEL`, the model's file, and `PEER_PORT`. */
  environment?(port: number): Readonly<Record<string, string>>;
}
