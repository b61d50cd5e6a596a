import { type Invocation, invocationAtHand, withinInvocation } from './invocation.ts';

/** Does the work of one invocation, which ends with the time that its context gives. */
export function withinTime<T>(context: Invocation['context'], work: () => T): T {
  return withinInvocation({ context }, work);
}

/** Milliseconds until Lambda ends the invocation; undefined outside of one. */
export function remainingMs(): number | undefined {
  return invocationAtHand()?.context.getRemainingTimeInMillis();
}
