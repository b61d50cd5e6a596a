import * as z from 'zod';

/** What a function version gave back. */
export interface Invocation {
  /** Parsed result; for a failure an object with `errorMessage`. */
  readonly payload: unknown;
  /** Whether the function threw, ran out of time or memory, or did not start. */
  readonly failed: boolean;
}

/** What a new version is asked, and what is wrong with its answer. */
export interface ReleaseCheck {
  readonly event: unknown;
  /** @returns why the version must not get traffic; undefined when it may. Never quotes what the function answered. */
  fault(invocation: Invocation): string | undefined;
}

const failure = z.object({ errorMessage: z.string() });

/** What Lambda says of a function that threw or was ended. */
export function failureOf(payload: unknown): string {
  const read = failure.safeParse(payload);
  return read.success ? read.data.errorMessage : 'without a message';
}
