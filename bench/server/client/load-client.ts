/** What is asked for, over and over. */
export interface Target {
  /** Of these one at random for each request. */
  readonly urls: readonly string[];
  /** File with the body of each request, JSON. */
  readonly bodyFile: string;
}

/** How hard. */
export interface Load {
  readonly connections: number;
  readonly seconds: number;
  /**
   * Requests per second that are due whether or not the server keeps up; latency counts from when a request was due.
   * @default - each connection asks again as soon as it was answered
   */
  readonly rate?: number;
}

/** What the clients saw. */
export interface Seen {
  /** Answers with status 200. */
  readonly answers: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests that were answered with something else or not at all, by what happened. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface LoadClient {
  /** With its version. */
  readonly name: string;
  /** @param within a command that limits the client and becomes it, for example `taskset -c 0` */
  send(target: Target, load: Load, within?: readonly string[]): Promise<Seen>;
}
