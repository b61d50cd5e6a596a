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

/** One statement about a server that can be checked from outside, by HTTP alone. */
export interface Check {
  /** `must`: the protocol says so; `should`: clients rely on it. */
  readonly need: 'must' | 'should';
  readonly name: string;
  /** @throws AssertionError when the statement does not hold */
  readonly run: (call: Call) => Promise<void>;
}

export interface Suite {
  readonly title: string;
  readonly checks: readonly Check[];
}

export const must = (name: string, run: Check['run']): Check => ({ need: 'must', name, run });
export const should = (name: string, run: Check['run']): Check => ({ need: 'should', name, run });
