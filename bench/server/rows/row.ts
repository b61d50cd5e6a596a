import type { Measurement } from '../../benchmark.ts';
import type { Field } from '../field.ts';

/** A part of the comparison that can be run alone: each takes minutes. */
export interface Row {
  /** What `--rows` takes. */
  readonly name: string;
  run(field: Field): Promise<Measurement[]>;
}
