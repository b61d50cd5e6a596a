import type { Caller } from '../engine/model-runner.ts';

/** A request as every transport (Lambda, HTTP server, test) hands it to the protocol. */
export interface ProtocolRequest {
  readonly method: string;
  /** Path as sent, still percent-encoded, without stage prefix and query string: `/v2/models/credit/infer`. */
  readonly path: string;
  /** What stands behind the path, decoded: every value of a name, in the order in which they were sent. */
  readonly query?: Readonly<Record<string, readonly string[] | undefined>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** Echoed in error bodies and logs. */
  readonly requestId: string;
  /** Tells when nobody waits for the answer any longer; absent where that cannot be known. */
  readonly caller?: Caller;
  /** Where memory for what is made of the body is counted, until the answer is out; absent where one request is served at a time. */
  readonly memory?: Memory;
}

/** What the bodies of all requests share. */
export interface Memory {
  /** @throws UnavailableError `OVERLOADED` when there is not enough */
  take(bytes: number): void;
}

export interface ProtocolResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** `error_code` of the body, for those who count failures; absent when the request was served. */
  readonly errorCode?: string;
}
