import type { Reference } from './references.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** What a server answered. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** What is sent beside method and path. Bytes are sent without a content type, as clients of the protocol do. */
export interface Message {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** Sends one request to the server under test; `path` begins with `/v2`. */
export type Call = (method: string, path: string, message?: Message) => Promise<Reply>;

/** `must`: the protocol says so; `should`: clients rely on it; `nice`: spares somebody trouble. Strictest first. */
export const NEEDS = ['must', 'should', 'nice'] as const;

export type Need = (typeof NEEDS)[number];

/** One statement about a server that can be checked from outside, by HTTP alone. */
export interface Check {
  readonly need: Need;
  /** Unique within its suite. */
  readonly title: string;
  /** Where the statement comes from, when that is not where the rest of its suite does. */
  readonly reference?: Reference;
  /**
   * @throws AssertionError when the statement does not hold
   * @throws ModelMissingError when the server lacks the model that it is about
   */
  readonly run: (server: ServerUnderTest) => Promise<void>;
}

export interface Suite {
  readonly title: string;
  readonly reference: Reference;
  readonly checks: readonly Check[];
}

const checkOf =
  (need: Need) =>
  (title: string, run: Check['run'], reference?: Reference): Check => ({ need, title, run, reference });

export const must = checkOf('must');
export const should = checkOf('should');
export const nice = checkOf('nice');
