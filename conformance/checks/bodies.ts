import assert from 'node:assert/strict';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type Message, must, nice, type Suite, should } from '../check.ts';
import { binaryMessage, float32, jsonMessage, onlyOutput, readInference } from '../inference.ts';
import { REFERENCES } from '../references.ts';
import { assertRefused } from '../refusal.ts';

const INPUT = { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] };
const BINARY_INPUT = { name: 'x', datatype: 'FP32', shape: [2, 2], parameters: { binary_data_size: 16 } };
const REQUEST = JSON.stringify({ inputs: [INPUT] });
const BINARY = binaryMessage({ inputs: [BINARY_INPUT] }, float32(1, 2, 3, 4));
const MEGABYTE = 1024 * 1024;

const nested = (levels: number) =>
  `{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":${'['.repeat(levels)}1,2,3,4${']'.repeat(levels)}}]}`;

/** Bodies that are no inference request. */
const NOT_REQUESTS: readonly [string, string][] = [
  ['nothing', ''],
  ['no JSON', 'penguins'],
  ['JSON that ends too early', REQUEST.slice(0, -1)],
  ['JSON with something behind it', `${REQUEST}}`],
  ['null', 'null'],
  ['a number', '42'],
  ['a text', '"inputs"'],
  ['a list', '[]'],
  ['an object without inputs', '{}'],
  ['inputs that are null', '{"inputs":null}'],
  ['inputs that are an object', '{"inputs":{}}'],
  ['an input that is null', '{"inputs":[null]}'],
  ['an input without a name', `{"inputs":[${JSON.stringify({ ...INPUT, name: undefined })}]}`],
  ['an input whose name is a number', `{"inputs":[${JSON.stringify({ ...INPUT, name: 7 })}]}`],
  ['inputs hidden in __proto__', `{"__proto__":${REQUEST}}`],
  ['outputs that are a text', `{"inputs":[${JSON.stringify(INPUT)}],"outputs":"y"}`],
  ['an output without a name', `{"inputs":[${JSON.stringify(INPUT)}],"outputs":[{}]}`],
  ['parameters that are a list', `{"inputs":[${JSON.stringify(INPUT)}],"parameters":[]}`],
  ['an id that is an object', `{"id":{},"inputs":[${JSON.stringify(INPUT)}]}`],
  ['lists in lists without end', '['.repeat(100_000)],
  ['a hundred thousand lists in each other', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  // A server may refuse these before it has read which tensor they are of.
  ['data nested deeper than any tensor', nested(101)],
  ['data nested deeper than a stack', nested(100_000)],
  ['NaN where no number belongs', '{"inputs":NaN}'],
];

const compressed = (encoding: string, body: Uint8Array) => ({
  headers: { 'content-type': 'application/json', 'content-encoding': encoding },
  body: new Uint8Array(body),
});

/** Requests in an encoding: [title, message]. */
const COMPRESSED: readonly [string, Message][] = [
  ['gzip', compressed('gzip', gzipSync(REQUEST))],
  ['deflate, which is the zlib format', compressed('deflate', deflateSync(REQUEST))],
  ['the encoding identity is no encoding', compressed('identity', Buffer.from(REQUEST))],
  ...(['gzip', 'deflate'] as const).map((encoding): [string, Message] => [
    `a binary request in ${encoding}: the length header counts uncompressed bytes`,
    {
      headers: { ...BINARY.headers, 'content-encoding': encoding },
      body: new Uint8Array((encoding === 'gzip' ? gzipSync : deflateSync)(BINARY.body ?? '')),
    },
  ]),
];

/** Bodies that are not what their encoding says. */
const NOT_COMPRESSED: readonly [string, string, Uint8Array][] = [
  ['plain text that calls itself gzip', 'gzip', Buffer.from(REQUEST)],
  ['gzip that calls itself deflate', 'deflate', gzipSync(REQUEST)],
  ['a compressed body that is cut short', 'gzip', gzipSync(REQUEST).subarray(0, -4)],
];

export const bodies: Suite = {
  title: 'bodies, compression and size',
  reference: REFERENCES.request,
  checks: [
    ...NOT_REQUESTS.map(([title, body]) =>
      must(`${title}: 400`, async (server) => {
        assertRefused(await server.post('fixed', jsonMessage(body)), 400);
      }),
    ),
    must('JSON that is not UTF-8: 400', async (server) => {
      const body = new Uint8Array(Buffer.from(`{"id":"\xff","inputs":[${JSON.stringify(INPUT)}]}`, 'latin1'));
      assertRefused(
        await server.post('fixed', { headers: { 'content-type': 'application/json' }, body }),
        400,
      );
    }),
    should(
      'a key that occurs twice: 400, or the request is answered; never an error of the server',
      async (server) => {
        const reply = await server.infer('fixed', `{"inputs":[${JSON.stringify(INPUT)}],"id":"a","id":"b"}`);
        if (reply.status === 200) assert.ok(['a', 'b'].includes(readInference(reply).id ?? ''));
        else assertRefused(reply, 400);
      },
      REFERENCES.json,
    ),
    nice(
      'a key that occurs twice is refused: two readers may read two requests',
      async (server) => {
        const twice = `{"inputs":[${JSON.stringify(INPUT)}],"id":"a","id":"b"}`;
        assertRefused(await server.infer('fixed', twice), 400);
      },
      REFERENCES.json,
    ),
    ...COMPRESSED.map(([title, message]) =>
      should(
        title,
        async (server) => {
          assert.deepEqual(onlyOutput(await server.post('fixed', message)).data, INPUT.data);
        },
        REFERENCES.tritonClient,
      ),
    ),
    must(
      'an encoding that the server does not know is refused, never read as plain',
      async (server) => {
        for (const body of [brotliCompressSync(REQUEST), Buffer.from(REQUEST)]) {
          assertRefused(await server.post('fixed', compressed('br', body)), 400, 415, 501);
        }
      },
      REFERENCES.encoding,
    ),
    nice(
      'the refusal of an encoding tells which there are',
      async (server) => {
        const reply = await server.post('fixed', compressed('br', brotliCompressSync(REQUEST)));
        assert.match(reply.headers.get('accept-encoding') ?? 'none', /gzip/);
      },
      REFERENCES.encoding,
    ),
    ...NOT_COMPRESSED.map(([title, encoding, body]) =>
      must(
        `${title}: 400`,
        async (server) => {
          assertRefused(await server.post('fixed', compressed(encoding, body)), 400);
        },
        REFERENCES.encoding,
      ),
    ),
    should('a small body that unpacks into a large one of spaces: 413 or 400', async (server) => {
      const bomb = compressed('gzip', gzipSync(Buffer.alloc(64 * MEGABYTE, 32)));
      assertRefused(await server.post('fixed', bomb), 413, 400);
    }),
    ...[3, 6, 11].map((megabytes) =>
      should(`a body of ${megabytes} MB of spaces: 400, or 413 where it is too large`, async (server) => {
        const body = new Uint8Array(megabytes * MEGABYTE).fill(32);
        assertRefused(await server.post('fixed', { body }), 400, 413);
      }),
    ),
    should('an answer of 10 MB comes whole, or is refused as too large', async (server) => {
      const rows = 1_200_000;
      const head = `{"inputs":[{"name":"x","datatype":"FP64","shape":[${rows},1],"data":[`;
      const body = `${head}${'1,'.repeat(rows - 1)}1]}],"parameters":{"binary_data_output":true}}`;
      const reply = await server.infer('identity_fp64', body);
      if (reply.status === 200) assert.equal(onlyOutput(reply).raw?.length, rows * 8);
      else assertRefused(reply, 400, 413);
    }),
  ],
};
