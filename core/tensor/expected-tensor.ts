import type { Datatype } from './tensor.ts';

/** What the data of a tensor must be, and what the tensor is called in messages. */
export interface ExpectedTensor {
  /** For messages: `input "x"`. */
  readonly label: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Product of `shape`. */
  readonly count: number;
}
