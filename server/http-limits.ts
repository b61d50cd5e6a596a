/** What one client may take of the server. */
export interface HttpLimits {
  /** Largest request body in bytes, as sent and decompressed. @default 67108864 */
  readonly maxRequestBytes: number;
  /** Largest response body in bytes. @default 67108864 */
  readonly maxResponseBytes: number;
  /**
   * Bytes of bodies held at once, of requests and of answers that clients have not taken yet; more are refused. An eighth
   * is kept for small ones. @default 268435456
   */
  readonly maxHeldBytes: number;
  /** Connections that are kept open at once; more are closed at once. @default 4096 */
  readonly maxConnections: number;
  /** Until the headers of a request must be there, in milliseconds. @default 10000 */
  readonly headersTimeoutMs: number;
  /** Until a whole request must be there, in milliseconds. @default 60000 */
  readonly requestTimeoutMs: number;
  /** For how long a client may take nothing of its answer, in milliseconds; after twice that it is let go. @default 30000 */
  readonly answerTimeoutMs: number;
  /** For how long an idle connection is kept: longer than load balancers do, so that they close first. @default 75000 */
  readonly keepAliveTimeoutMs: number;
}

const MB = 1024 * 1024;

export const DEFAULT_LIMITS: HttpLimits = {
  maxRequestBytes: 64 * MB,
  maxResponseBytes: 64 * MB,
  maxHeldBytes: 256 * MB,
  maxConnections: 4096,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  answerTimeoutMs: 30_000,
  keepAliveTimeoutMs: 75_000,
};
