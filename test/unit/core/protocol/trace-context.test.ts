import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  continueTrace,
  formatTraceparent,
  parseTraceparent,
} from '../../../../core/protocol/trace-context.ts';

const hex = (digits: number) =>
  fc
    .array(fc.nat(15), { minLength: digits, maxLength: digits })
    .map((each) => each.map((digit) => digit.toString(16)).join(''))
    .filter((text) => /[^0]/.test(text));

const context = fc.record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean() });

/** Ids that tell how many bytes were asked for. */
const newId = (bytes: number) => 'f'.repeat(bytes * 2);

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const VALID = `00-${TRACE}-${SPAN}-01`;

describe('the header traceparent', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(context, (written) => {
        expect(parseTraceparent(formatTraceparent(written))).toEqual(written);
      }),
    );
  });

  it('is not read from any other text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), context, fc.nat(52), (text, written, cut) => {
        const header = formatTraceparent(written);
        expect(parseTraceparent(text)).toBeUndefined();
        expect(parseTraceparent(header.slice(0, cut) + header.slice(cut + 1))).toBeUndefined();
      }),
    );
  });

  it.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['no flags', `00-${TRACE}-${SPAN}`],
    ['more than version 00 has', `${VALID}-more`],
    ['two headers joined by a comma', `${VALID}, ${VALID}`],
  ])('is not valid: %s', (_what, header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  it('of a later version is read as far as version 00 goes', () => {
    const read = { traceId: TRACE, spanId: SPAN, sampled: true };
    expect(parseTraceparent(`01-${TRACE}-${SPAN}-01-what-comes`)).toEqual(read);
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-09`)).toEqual(read);
    expect(parseTraceparent(`01-${TRACE}-${SPAN}-01what`)).toBeUndefined();
  });

  it.each([
    ['00', false],
    ['01', true],
    ['02', false],
    ['ff', true],
  ])('with flags %s says sampled: %s', (flags, sampled) => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`)?.sampled).toBe(sampled);
  });
});

describe('the trace of a request', () => {
  it('is the caller’s, with a span of its own below the caller’s', () => {
    fc.assert(
      fc.property(context, hex(16), (caller, spanId) => {
        const trace = continueTrace({ traceparent: formatTraceparent(caller) }, () => spanId);
        expect(trace).toEqual({ ...caller, spanId, parentId: caller.spanId });
      }),
    );
  });

  it('begins here when the caller brings none, or one that is not valid', () => {
    const begun = { traceId: newId(16), spanId: newId(8), sampled: false };
    expect(continueTrace({}, newId)).toEqual(begun);
    expect(continueTrace({ traceparent: 'garbage' }, newId)).toEqual(begun);
  });

  it('is the one that X-Ray began, when the caller brings none', () => {
    const headers = {
      'x-amzn-trace-id': 'Root=1-6927a1b2-3c4d5e6f708192a3b4c5d6e7;Parent=463ac35c9f6413ad;Sampled=1',
    };
    expect(continueTrace(headers, newId)).toEqual({
      traceId: '6927a1b23c4d5e6f708192a3b4c5d6e7',
      spanId: newId(8),
      sampled: true,
    });
    expect(continueTrace({ ...headers, traceparent: VALID }, newId).traceId).toBe(TRACE);
  });

  it('always has a header that is valid', () => {
    const headers = fc.record(
      { traceparent: fc.oneof(fc.string(), context.map(formatTraceparent)), 'x-amzn-trace-id': fc.string() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(headers, (given) => {
        expect(parseTraceparent(formatTraceparent(continueTrace(given, newId)))).toBeDefined();
      }),
    );
  });
});
