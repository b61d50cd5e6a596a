import assert from 'node:assert/strict';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { must, type Suite, should } from '../check.ts';
import { binaryMessage, float32, inferPath, jsonMessage, onlyOutput } from '../inference.ts';
import { assertRefused } from '../refusal.ts';

const PATH = inferPath('fixed');
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

export const bodies: Suite = {
  title: 'bodies, compression and size',
  checks: [
    ...NOT_REQUESTS.map(([title, body]) =>
      must(`${title}: 400`, async (call) => assertRefused(await call('POST', PATH, jsonMessage(body)), 400)),
    ),
    must('JSON that is not UTF-8: 400', async (call) => {
      const body = new Uint8Array(Buffer.from(`{"id":"\xff","inputs":[${JSON.stringify(INPUT)}]}`, 'latin1'));
      assertRefused(await call('POST', PATH, { headers: { 'content-type': 'application/json' }, body }), 400);
    }),
    must('gzip', async (call) => {
      const reply = await call('POST', PATH, compressed('gzip', gzipSync(REQUEST)));
      assert.deepEqual(onlyOutput(reply).data, INPUT.data);
    }),
    must('deflate, which is the zlib format', async (call) => {
      const reply = await call('POST', PATH, compressed('deflate', deflateSync(REQUEST)));
      assert.deepEqual(onlyOutput(reply).data, INPUT.data);
    }),
    must('a compressed binary request: the length header counts uncompressed bytes', async (call) => {
      const body = new Uint8Array(gzipSync(BINARY.body ?? ''));
      const reply = await call('POST', PATH, {
        headers: { ...BINARY.headers, 'content-encoding': 'gzip' },
        body,
      });
      assert.deepEqual(onlyOutput(reply).data, INPUT.data);
    }),
    should('the encoding identity is no encoding', async (call) => {
      const reply = await call('POST', PATH, compressed('identity', Buffer.from(REQUEST)));
      assert.deepEqual(onlyOutput(reply).data, INPUT.data);
    }),
    must(
      'an encoding that the server does not know is refused by name, never read as plain',
      async (call) => {
        assertRefused(await call('POST', PATH, compressed('br', brotliCompressSync(REQUEST))), 415, {
          names: 'gzip',
        });
      },
    ),
    must('a body that is not in the encoding it names: 400', async (call) => {
      assertRefused(await call('POST', PATH, compressed('gzip', Buffer.from(REQUEST))), 400);
      assertRefused(await call('POST', PATH, compressed('deflate', gzipSync(REQUEST))), 400);
    }),
    must('a compressed body that is cut short: 400', async (call) => {
      assertRefused(await call('POST', PATH, compressed('gzip', gzipSync(REQUEST).subarray(0, -4))), 400);
    }),
    must('a small body that unpacks into a large one: 413', async (call) => {
      assertRefused(
        await call('POST', PATH, compressed('gzip', gzipSync(Buffer.alloc(64 * MEGABYTE, 32)))),
        413,
      );
    }),
    ...[6, 11].map((megabytes) =>
      should(`a body of ${megabytes} MB: 413`, async (call) => {
        assertRefused(await call('POST', PATH, { body: new Uint8Array(megabytes * MEGABYTE).fill(32) }), 413);
      }),
    ),
    should('an answer that would be too large: 413 instead of a broken connection', async (call) => {
      const rows = 1_200_000;
      const head = `{"inputs":[{"name":"x","datatype":"FP64","shape":[${rows},1],"data":[`;
      const body = `${head}${'1,'.repeat(rows - 1)}1]}],"parameters":{"binary_data_output":true}}`;
      assertRefused(await call('POST', inferPath('identity_fp64'), jsonMessage(body)), 413, {
        code: 'RESPONSE_TOO_LARGE',
      });
    }),
  ],
};
