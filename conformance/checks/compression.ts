import assert from 'node:assert/strict';
import { gunzipSync, inflateSync } from 'node:zlib';
import { must, nice, type Reply, type Suite } from '../check.ts';
import { jsonMessage, onlyOutput } from '../inference.ts';
import { REFERENCES } from '../references.ts';
import type { ServerUnderTest } from '../server-under-test.ts';

/** Large enough for compression to pay, and easy to compress. */
const ROWS = 5000;
const DATA = Array.from({ length: ROWS }, (_, i) => i % 10);

/** Values of the header Accept-Encoding: [value, encodings that an answer may have]. */
const WISHES: readonly [string, readonly (string | null)[]][] = [
  ['gzip', ['gzip', null]],
  ['deflate', ['deflate', null]],
  ['gzip, deflate', ['gzip', 'deflate', null]],
  ['gzip;q=0, deflate', ['deflate', null]],
  ['gzip;q=0, deflate;q=0', [null]],
  ['br;q=1, gzip;q=0.001', ['gzip', 'br', null]],
  ['identity', [null]],
  ['an-encoding-of-tomorrow', [null]],
  ['*;q=0, identity', [null]],
];

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
};

async function ask(server: ServerUnderTest, wish: string | undefined, wantsBytes: boolean): Promise<Reply> {
  const { headers, body } = jsonMessage({
    inputs: [{ name: 'x', datatype: 'INT64', shape: [ROWS, 1], data: DATA }],
    parameters: { binary_data_output: wantsBytes },
  });
  return await server.post('identity_int64', {
    headers: { ...headers, ...(wish !== undefined && { 'accept-encoding': wish }) },
    body,
  });
}

/** Undoes the encoding of an answer, which is one of those that this suite asks for. */
function decoded(reply: Reply): Reply {
  const encoding = reply.headers.get('content-encoding');
  if (encoding === null || encoding === 'identity') return reply;
  const decode = DECODERS[encoding];
  assert.ok(decode, `the answer is in ${encoding}`);
  return { ...reply, bytes: decode(reply.bytes) };
}

const encodingOf = ({ headers }: Reply) => {
  const encoding = headers.get('content-encoding');
  return encoding === 'identity' ? null : encoding;
};

const WIRE = Buffer.from(new BigInt64Array(DATA.map(BigInt)).buffer);

export const compression: Suite = {
  title: 'compressed answers',
  reference: REFERENCES.acceptEncoding,
  checks: [
    must('an answer is plain when nobody asks for an encoding', async (server) => {
      const reply = await ask(server, undefined, false);
      assert.equal(encodingOf(reply), null);
      assert.deepEqual(onlyOutput(reply).data, DATA);
    }),
    ...WISHES.map(([wish, allowed]) =>
      must(`Accept-Encoding: ${wish}: an encoding that was asked for, or none`, async (server) => {
        const reply = await ask(server, wish, false);
        assert.ok(allowed.includes(encodingOf(reply)), `the answer is in ${encodingOf(reply)}`);
        if (encodingOf(reply) !== 'br') assert.deepEqual(onlyOutput(decoded(reply)).data, DATA);
      }),
    ),
    ...['gzip', 'deflate'].map((wish) =>
      must(
        `${wish} of an answer in bytes: the length header counts uncompressed bytes`,
        async (server) => {
          assert.deepEqual(onlyOutput(decoded(await ask(server, wish, true))).raw, WIRE);
        },
        REFERENCES.binary,
      ),
    ),
    ...['gzip', 'deflate'].map((wish) =>
      nice(`a large answer is compressed with ${wish} when that is asked for`, async (server) => {
        assert.equal(encodingOf(await ask(server, wish, false)), wish);
      }),
    ),
    nice('of two encodings the one with the greater weight is chosen', async (server) => {
      assert.equal(encodingOf(await ask(server, 'gzip;q=0.2, deflate;q=0.8', false)), 'deflate');
    }),
    nice('a compressed answer says that it varies with Accept-Encoding', async (server) => {
      const reply = await ask(server, 'gzip', false);
      assert.match(reply.headers.get('vary') ?? 'none', /accept-encoding|\*/i);
    }),
  ],
};
