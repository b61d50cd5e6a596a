import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from 'aws-lambda';
import type { TraceContext } from '../../core/protocol/trace-context.ts';

/** What is known of the invocation at hand, for whoever works on it. */
export interface Invocation {
  readonly context: Pick<Context, 'getRemainingTimeInMillis'>;
  /** Absent where records come, not requests. */
  readonly request?: ApiRequest;
}

/** A request that came through the gateway. */
export interface ApiRequest {
  readonly trace: TraceContext;
  /** Whether it waited for this execution environment to start. */
  readonly isColdStart: boolean;
  /** What every line of the log says of it. */
  readonly logKeys: LogKeys;
  /** Whether its metrics are written; what it is counted with is known only to whoever answers it. */
  isCounted: boolean;
}

/** Undefined where there is none: such keys are not written. */
export type LogKeys = Readonly<Record<string, string | boolean | number | undefined>>;

/** Each invocation has its own, though several may be under way in one process. */
const atHand = new AsyncLocalStorage<Invocation>();

/** Does the work of one invocation. */
export function withinInvocation<T>(invocation: Invocation, work: () => T): T {
  return atHand.run(invocation, work);
}

/** Undefined outside of an invocation. */
export function invocationAtHand(): Invocation | undefined {
  return atHand.getStore();
}
