import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from 'aws-lambda';

/** Each request has its own, though several may be under way in one process. */
const ofRequest = new AsyncLocalStorage<Pick<Context, 'getRemainingTimeInMillis'>>();

/** Does the work of one invocation, which ends with the time that its context gives. */
export function withinTime<T>(context: Pick<Context, 'getRemainingTimeInMillis'>, work: () => T): T {
  return ofRequest.run(context, work);
}

/** Milliseconds until Lambda ends the invocation; undefined outside of one. */
export function remainingMs(): number | undefined {
  return ofRequest.getStore()?.getRemainingTimeInMillis();
}
