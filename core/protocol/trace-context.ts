/**
 * Where a request stands in its caller's trace.
 * Source: W3C Trace Context, https://www.w3.org/TR/trace-context/
 */
export interface TraceContext {
  /** 32 hexadecimal digits in lower case, not all zero: the same for everything that one request of a user sets off. */
  readonly traceId: string;
  /** 16 hexadecimal digits in lower case, not all zero: this request's own. */
  readonly spanId: string;
  /** The caller's span; absent where the trace begins here. */
  readonly parentId?: string;
  /** Whether the caller keeps its part of the trace. */
  readonly sampled: boolean;
}

/** As many random bytes in hexadecimal digits of lower case, never all zero. */
export type NewId = (bytes: number) => string;

type Headers = Readonly<Record<string, string | undefined>>;

const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** `1-<time, 8 digits>-<96 random bits>`: the two numbers together are a trace id of the W3C's. */
const XRAY_ROOT = /(?:^|;\s*)Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/;

/** The only flag of version 00; a sender sets all others to zero. */
const SAMPLED = 0x01;

/**
 * Continues the trace of the header `traceparent`. Where that is missing or not valid, the trace is the one that AWS
 * X-Ray began, so that log and X-Ray show the same id; without either a new one begins.
 *
 * @param headers names in lower case
 */
export function continueTrace(headers: Headers, newId: NewId): TraceContext {
  const spanId = newId(8);
  const given = parseTraceparent(headers['traceparent']);
  if (given) return { traceId: given.traceId, spanId, parentId: given.spanId, sampled: given.sampled };
  const amazon = headers['x-amzn-trace-id'] ?? '';
  const root = XRAY_ROOT.exec(amazon);
  const traceId = root ? `${root[1]}${root[2]}` : newId(16);
  return { traceId, spanId, sampled: root !== null && /(?:^|;\s*)Sampled=1(?:;|$)/.test(amazon) };
}

/**
 * Reads the header `traceparent` as its sender wrote it: the span in it is the sender's.
 * @returns undefined when the header is missing or not valid; versions after 00 are read as far as 00 goes
 */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const parts = TRACEPARENT.exec(header?.trim() ?? '');
  if (!parts) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = parts;
  if (version === '00' && rest !== undefined) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

/** The header `traceparent` (version 00) that says of `context` what the next one needs to know. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
