import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { DATATYPES } from '../../../core/tensor/tensor.ts';
import {
  FUZZ_MODELS,
  type FuzzRequest,
  requestOf,
  type ValidRequest,
  validRequest,
} from './valid-requests.ts';

/** What is put in the place of a value: JSON text, some of which is none. */
const oddValue = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    '""',
    '[]',
    '{}',
    '-1',
    '0',
    '1e400',
    '-1e400',
    'NaN',
    '-Infinity',
    '1e-999',
    '0.5',
    '9007199254740993',
    '18446744073709551616',
    '-9223372036854775809',
    '1'.repeat(400),
    '-0',
    '"\\ud800"',
    '"\\u0000"',
    '"__proto__"',
    '"shared_memory_region"',
    '[[[[[[]]]]]]',
    '{"a":{"a":{"a":1}}}',
    '[4294967296,4294967296]',
    '[1e9,1e9,1e9]',
    '[0,9007199254740991]',
    '[-1,2]',
    '"FP8"',
    '"BF16"',
    '"x"',
    `${'['.repeat(90)}${']'.repeat(90)}`,
    `${'['.repeat(5000)}${']'.repeat(5000)}`,
    '['.repeat(200),
  ),
  fc.json({ maxDepth: 3 }),
);

/** What is put in the place of an element of a tensor. */
const oddElement = fc.constantFrom(
  'null',
  'true',
  'false',
  '0',
  '-1',
  '1.5',
  '256',
  '65536',
  '-129',
  '1e39',
  '1e-46',
  '1e400',
  '65520',
  '"NaN"',
  '"1"',
  '[]',
  '[1]',
  '{}',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775809',
  '18446744073709551615',
  '18446744073709551616',
  '1e20',
  '-0',
  '"\\ud83d"',
  '"\\u0000"',
  '"é"',
  'NaN',
  '1,1',
  '',
);

/** Keys and names that mean something to someone. */
const KEYS = [
  'id',
  'inputs',
  'outputs',
  'parameters',
  'name',
  'datatype',
  'shape',
  'data',
  'binary_data_size',
  'binary_data_output',
  'binary_data',
  'classification',
  's3_object',
  's3_outputs',
  'sequence_id',
  'timeout',
  'priority',
  'shared_memory_region',
  'shared_memory_byte_size',
  'headers',
  'triton_x',
  '__proto__',
  'toJSON',
  'constructor',
  'length',
];

/** Where the values of a JSON text begin and end, scalars and nested ones alike, without reading what they mean. */
function valuesOf(json: string): [start: number, end: number][] {
  return [
    ...json.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|\[[^[\]{}]*\]|\{[^[\]{}]*\}/g),
  ].map((match) => [match.index, match.index + match[0].length]);
}

const pick = <T>(items: readonly T[], at: number): T | undefined => items[at % Math.max(1, items.length)];

/** Replaces one of the places that match. */
function replaced(json: string, pattern: RegExp, at: number, by: string): string {
  const match = pick([...json.matchAll(pattern)], at);
  return match ? json.slice(0, match.index) + by + json.slice(match.index + match[0].length) : json;
}

/** Changes after which it still reads like a request: to shapes, datatypes, names, sizes and elements. */
const plausible: fc.Arbitrary<(json: string) => string> = fc.oneof(
  fc.tuple(fc.array(fc.nat({ max: 5 }), { maxLength: 4 }), fc.nat()).map(
    ([shape, at]) =>
      (json: string) =>
        replaced(json, /"shape":\[[^\]]*\]/g, at, `"shape":${JSON.stringify(shape)}`),
  ),
  fc.tuple(fc.constantFrom(...DATATYPES, 'BF16', 'fp32', 'STRING'), fc.nat()).map(
    ([datatype, at]) =>
      (json: string) =>
        replaced(json, /"datatype":"\w+"/g, at, `"datatype":"${datatype}"`),
  ),
  fc.tuple(fc.constantFrom('x', 'y', 'a', 'b', 'scale', 'X', ''), fc.nat()).map(
    ([name, at]) =>
      (json: string) =>
        replaced(json, /"name":"\w*"/g, at, `"name":"${name}"`),
  ),
  fc.tuple(oddElement, fc.nat()).map(
    ([element, at]) =>
      (json: string) =>
        replaced(json, /(?<=[[,])(?:-?[\d.e+-]+|"(?:[^"\\]|\\.)*"|true|false)(?=[\],])/g, at, element),
  ),
  fc.tuple(fc.nat({ max: 200 }), fc.nat()).map(
    ([size, at]) =>
      (json: string) =>
        replaced(json, /"binary_data_size":\d+/g, at, `"binary_data_size":${size}`),
  ),
);

/** Changes to the JSON part that keep to its structure. */
const structural: fc.Arbitrary<(json: string) => string> = fc.oneof(
  fc.tuple(fc.nat(), oddValue).map(([at, value]) => (json: string) => {
    const [start, end] = pick(valuesOf(json), at) ?? [0, 0];
    return json.slice(0, start) + value + json.slice(end);
  }),
  fc.tuple(fc.constantFrom(...KEYS), oddValue, fc.nat()).map(([key, value, at]) => (json: string) => {
    const objects = [...json.matchAll(/\{/g)].map(({ index }) => index + 1);
    const place = pick(objects, at) ?? 0;
    const comma = json[place] === '}' ? '' : ',';
    return `${json.slice(0, place)}${JSON.stringify(key)}:${value}${comma}${json.slice(place)}`;
  }),
  fc.tuple(fc.nat(), fc.constantFrom(...KEYS)).map(([at, key]) => (json: string) => {
    const keys = [...json.matchAll(/"(\w+)":/g)];
    const match = pick(keys, at);
    if (!match) return json;
    return `${json.slice(0, match.index)}"${key}":${json.slice(match.index + match[0].length)}`;
  }),
  fc.nat().map((at) => (json: string) => {
    const inputs = /"inputs":(\[.*\])/.exec(json)?.[1] ?? '[]';
    return json.replace('"inputs":', `"inputs":${inputs.slice(0, -1)},${'{},'.repeat(at % 3)}`);
  }),
);

/** One change or two that keep to the structure. */
export const changedJson: fc.Arbitrary<(json: string) => string> = fc
  .array(fc.oneof({ weight: 2, arbitrary: plausible }, { weight: 1, arbitrary: structural }), {
    minLength: 1,
    maxLength: 2,
  })
  .map((changes) => (json) => changes.reduce((text, change) => change(text), json));

/** Changes to bytes that know nothing of what they mean. */
export const blind: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc.oneof(
  fc
    .array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
    .map((changes) => (bytes: Buffer) => {
      const changed = Buffer.from(bytes);
      for (const [at, value] of changes) if (changed.length > 0) changed[at % changed.length] = value;
      return changed;
    }),
  fc.nat().map((at) => (bytes: Buffer) => bytes.subarray(0, at % (bytes.length + 1))),
  fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 12 })).map(([at, more]) => (bytes: Buffer) => {
    const place = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, place), more, bytes.subarray(place)]);
  }),
);

const oddLength = fc.oneof(
  fc.constantFrom(
    '-1',
    '1e3',
    '',
    ' ',
    'NaN',
    '0',
    '00',
    '+5',
    '0x10',
    '99999999999999999999',
    '1,2',
    '4294967296',
  ),
  fc.nat({ max: 300 }).map(String),
);

const BOMB = gzipSync(Buffer.alloc(80_000_000));

/** What the body is packed in, and what the header says of it. */
const packing: fc.Arbitrary<(request: FuzzRequest) => FuzzRequest> = fc.oneof(
  { weight: 6, arbitrary: fc.constant((request: FuzzRequest) => request) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(gzipSync, deflateSync),
        fc.constantFrom('gzip', 'x-gzip', 'deflate', 'GZIP', 'br', 'zstd', 'gzip, gzip', 'identity', ''),
        fc.option(blind, { nil: undefined }),
      )
      .map(([pack, encoding, damage]) => (request: FuzzRequest) => {
        const packed = pack(request.body);
        const headers = { ...request.headers, 'content-encoding': encoding };
        return { ...request, headers, body: damage ? damage(packed) : packed };
      }),
  },
);

/** A bomb takes long enough that it is not wanted often. */
const bomb = fc.constant((request: FuzzRequest) => ({
  ...request,
  headers: { ...request.headers, 'content-encoding': 'gzip' },
  body: BOMB,
}));

const oddHeader = fc.oneof(
  oddLength.map((value) => ({ 'inference-header-content-length': value })),
  fc
    .constantFrom(
      'text/html',
      'application/octet-stream',
      'application/json; charset=utf-16',
      'multipart/form-data',
      '',
      '/',
      '{}',
      'application/vnd.sagemaker-triton.binary+json;json-header-size=5',
      'application/vnd.sagemaker-triton.binary+json;json-header-size=-5',
      'application/vnd.sagemaker-triton.binary+json;json-header-size=NaN',
    )
    .map((value) => ({ 'content-type': value })),
  fc
    .constantFrom('gzip;q=2', '*;q=0', 'identity;q=0', ';;;,', 'gzip', 'br')
    .map((value) => ({ 'accept-encoding': value })),
  fc
    .constantFrom('00-0-0-0', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, 'x')
    .map((value) => ({ traceparent: value })),
);

const segment = fc.oneof(
  fc.constantFrom(
    'v2',
    'v1',
    'models',
    'infer',
    'ready',
    'stats',
    'config',
    'versions',
    '1',
    'champion',
    'load',
    'unload',
  ),
  fc.constantFrom(
    '..',
    '.',
    '',
    '%2e%2e',
    '%2F',
    '%',
    '%zz',
    '%ff',
    '%00',
    '__proto__',
    'constructor',
    'repository',
    'index',
  ),
  fc.constantFrom(
    'health',
    'live',
    'trace',
    'setting',
    'logging',
    'generate',
    'invocations',
    'ping',
    'metrics',
    '-1',
    '999999999999',
  ),
  fc.constantFrom(...FUZZ_MODELS),
  fc.string({ maxLength: 6 }).map((text) => encodeURIComponent(text.toWellFormed())),
);
const oddPath = fc.oneof(
  fc.array(segment, { maxLength: 7 }).map((parts) => `/${parts.join('/')}`),
  fc.array(segment, { maxLength: 4 }).map((parts) => `/v2/models/${parts.join('/')}`),
  fc.constantFrom(...FUZZ_MODELS).map((model) => `/v2/models/${model}/infer`),
  fc.constantFrom(
    '/invocations',
    '/v2/repository/index',
    '/v1/models/identity_fp32:predict',
    '/v2/',
    '//',
    '/v2/models',
  ),
);

/** One change to a request that was right. */
const mutation: fc.Arbitrary<(valid: ValidRequest) => FuzzRequest> = fc.oneof(
  {
    weight: 12,
    arbitrary: changedJson.map(
      (change) =>
        ({ request, json, binary }: ValidRequest) =>
          requestOf(request.path, change(json), binary),
    ),
  },
  {
    weight: 2,
    arbitrary: blind.map((change) => ({ request }: ValidRequest) => ({
      ...request,
      body: change(request.body),
    })),
  },
  {
    weight: 2,
    arbitrary: blind.map(
      (change) =>
        ({ request, json, binary }: ValidRequest) =>
          requestOf(request.path, json, change(binary)),
    ),
  },
  {
    weight: 2,
    arbitrary: oddHeader.map((headers) => ({ request }: ValidRequest) => ({
      ...request,
      headers: { ...request.headers, ...headers },
    })),
  },
  {
    weight: 2,
    arbitrary: oddPath.map((path) => ({ request }: ValidRequest) => ({ ...request, path })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('GET', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'POST')
      .map((method) => ({ request }: ValidRequest) => ({ ...request, method })),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => ({ request }: ValidRequest) => ({
      ...request,
      headers: { 'inference-header-content-length': '0' },
      body: Buffer.from(bytes),
    })),
  },
);

/** Requests that were right until something was done to them, and some that never were. */
export const mutatedRequest: fc.Arbitrary<FuzzRequest> = fc.oneof(
  {
    weight: 400,
    arbitrary: fc.tuple(validRequest, mutation, packing).map(([valid, mutate, pack]) => pack(mutate(valid))),
  },
  {
    weight: 40,
    arbitrary: fc
      .record({
        path: oddPath,
        body: fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
      })
      .map(({ path, body }) => ({ method: 'POST', path, headers: {}, body: Buffer.from(body) })),
  },
  { weight: 1, arbitrary: fc.tuple(validRequest, bomb).map(([{ request }, pack]) => pack(request)) },
);
