import type { Dialect } from './dialects.ts';
import type { ServedModel } from './served-models.ts';

/** A program that is started for a server. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A server that is measured. */
export interface Subject {
  /** As it stands in the report. */
  readonly name: string;
  readonly dialect: Dialect;
  /** Path of an inference. */
  path(model: ServedModel): string;
  command(model: ServedModel, port: number): Command | Promise<Command>;
}
