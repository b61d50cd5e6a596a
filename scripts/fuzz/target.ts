import { check, type IAsyncProperty, type Parameters, type RunDetails } from 'fast-check';

/** Runs cases of one kind; with the same seed, the same ones. */
export type FuzzCheck = (how: Pick<Parameters, 'seed' | 'numRuns'>) => Promise<RunDetails<unknown>>;

/** What is thrown at, once it is running. */
export interface RunningTarget {
  /** One for each kind of cases, taken in turn: fails when the law does not hold. */
  readonly checks: readonly FuzzCheck[];
  /** What was found beside the law, for the report. */
  findings?(): readonly string[];
  close(): Promise<void>;
}

export interface FuzzTarget {
  readonly name: string;
  /** Of all cases. */
  readonly share: number;
  start(): Promise<RunningTarget>;
}

export function checkOf<T>(property: IAsyncProperty<T>): FuzzCheck {
  return async (how) => (await check(property, how)) as RunDetails<unknown>;
}
