import { gzipSync } from 'node:zlib';
import type { ProtocolRequest, ProtocolResponse } from '../../../core/protocol/http.ts';
import type { Fault } from './test-server.ts';

const LENGTH = 'inference-header-content-length';

interface Tensor {
  name: string;
  datatype: string;
  parameters?: Record<string, unknown>;
  data?: unknown[];
}
interface Document {
  [key: string]: unknown;
  inputs?: Tensor[];
  outputs?: Tensor[];
}

/** The two parts of a body. */
function partsOf({
  headers,
  body,
}: Pick<ProtocolResponse, 'body'> & { headers: ProtocolRequest['headers'] }) {
  const length = Number(headers[LENGTH] ?? body.length);
  return { text: Buffer.from(body.subarray(0, length)).toString(), raw: Buffer.from(body.subarray(length)) };
}

function joined(headers: ProtocolRequest['headers'], text: string, raw: Uint8Array) {
  const head = Buffer.from(text);
  const withLength = headers[LENGTH] === undefined ? headers : { ...headers, [LENGTH]: String(head.length) };
  return { headers: withLength as Record<string, string>, body: Buffer.concat([head, raw]) };
}

type Edit = (document: Document) => unknown;

/** A fault in the JSON part of what comes or goes; what is no JSON passes. */
function edited<M extends ProtocolRequest | ProtocolResponse>(message: M, edit: Edit): M {
  const { text, raw } = partsOf(message);
  try {
    const document = JSON.parse(text) as Document;
    edit(document);
    return { ...message, ...joined(message.headers, JSON.stringify(document), raw) };
  } catch {
    return message;
  }
}

const inRequests = (edit: Edit): Fault => ({ request: (request) => edited(request, edit) });
const inAnswers = (edit: Edit): Fault => ({
  response: (response) => (response.status === 200 ? edited(response, edit) : response),
});
const inErrors = (change: (response: ProtocolResponse) => ProtocolResponse): Fault => ({
  response: (response) => (response.status >= 400 ? change(response) : response),
});
const withHeaders = (response: ProtocolResponse, headers: Record<string, string>): ProtocolResponse => ({
  ...response,
  headers: { ...response.headers, ...headers },
});

/** Changes the bytes behind the JSON part, where there are some. */
const inBytes = (change: (raw: Buffer) => Buffer): Fault => ({
  response: (response) => {
    const { text, raw } = partsOf(response);
    return raw.length === 0 ? response : { ...response, ...joined(response.headers, text, change(raw)) };
  },
});

/** Turns the bytes of each group of four around. */
const swapped32 = (raw: Buffer) => (raw.length % 4 === 0 ? Buffer.from(raw).swap32() : raw);

const without = <T extends object>(object: T, key: string): T =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== key)) as T;

/** What servers get wrong, and a check that must notice: [fault, the suite and title of the check, how]. */
export const FAULTS: readonly (readonly [string, string, Fault])[] = [
  ['drops the id', 'requests and answers: the id "42" is echoed', inAnswers((answer) => delete answer['id'])],
  [
    'calls errors text',
    'routes, methods and versions: GET /v2/nothing: 404',
    inErrors((response) => withHeaders(response, { 'content-type': 'text/plain' })),
  ],
  [
    'gives a charset with the content type of errors',
    'errors: an unknown path: the content type is exactly application/json',
    inErrors((response) => withHeaders(response, { 'content-type': 'application/json; charset=utf-8' })),
  ],
  [
    'answers errors without the key "error"',
    'every rule of a request: an input is unknown: 400',
    inErrors((response) => edited(response, (body) => delete body['error'])),
  ],
  [
    'answers 500 to malformed JSON',
    'bodies, compression and size: no JSON: 400',
    inErrors((response) =>
      response.errorCode === 'MALFORMED_JSON' ? { ...response, status: 500 } : response,
    ),
  ],
  [
    'answers 422 to what it does not like',
    'every rule of a request: an element is missing: 400',
    inErrors((response) => (response.status === 400 ? { ...response, status: 422 } : response)),
  ],
  [
    'answers 404 instead of 405',
    'routes, methods and versions: PUT infer: 405',
    inErrors((response) => (response.status === 405 ? { ...response, status: 404 } : response)),
  ],
  [
    'orders outputs as it likes',
    'requests and answers: both outputs, and no others',
    inAnswers(({ outputs }) => outputs?.sort((a, b) => (a.name < b.name ? -1 : 1))),
  ],
  [
    'gives all outputs whatever is asked',
    'requests and answers: one output, and no others',
    inRequests((request) => delete request.outputs),
  ],
  [
    'accepts unknown inputs',
    'every rule of a request: an input is unknown: 400',
    inRequests((request) => {
      request.inputs = request.inputs?.filter(({ name }) => name !== 'surplus');
    }),
  ],
  [
    'reads INT64 as doubles',
    'every datatype, as JSON and as bytes: INT64: flat JSON comes back',
    inRequests(() => undefined),
  ],
  [
    'writes INT64 as doubles',
    'every datatype, as JSON and as bytes: UINT64: bytes come back as JSON when nothing else is asked',
    inAnswers(() => undefined),
  ],
  [
    'writes bytes in big-endian order',
    'every datatype, as JSON and as bytes: FP32: bytes come back as bytes',
    inBytes(swapped32),
  ],
  [
    'writes lengths of BYTES wrongly',
    'binary tensor data: BYTES: two texts of one and two bytes a letter',
    inBytes((raw) => Buffer.from(raw.map((byte, i) => (i === 0 ? byte + 1 : byte)))),
  ],
  [
    'gives a length of the JSON part that is one too small',
    "binary tensor data: tritonclient's default request is answered in bytes",
    {
      response: (response) =>
        response.headers[LENGTH] === undefined
          ? response
          : withHeaders(response, { [LENGTH]: String(Number(response.headers[LENGTH]) - 1) }),
    },
  ],
  [
    'answers bytes without the length header',
    "binary tensor data: tritonclient's default request is answered in bytes",
    { response: (response) => ({ ...response, headers: without(response.headers, LENGTH) }) },
  ],
  [
    'ignores binary_data false',
    'binary tensor data: binary_data_output true, output listed, binary_data false: JSON',
    inRequests(({ outputs = [] }) => {
      for (const { parameters } of outputs)
        if (parameters?.['binary_data'] === false) delete parameters['binary_data'];
    }),
  ],
  [
    'answers in JSON whatever is asked',
    'binary tensor data: binary_data_output true, output unlisted: bytes',
    inRequests((request) => delete request['parameters']),
  ],
  [
    'takes bytes that are left over',
    'every rule of a request: bytes are left over: 400',
    {
      request: (request) => {
        const { text, raw } = partsOf(request);
        return { ...request, ...joined(request.headers, text, raw.subarray(0, 8)) };
      },
    },
  ],
  [
    'answers for versions that are not there',
    'routes, methods and versions: POST /infer of an unknown version: refused as an error',
    { request: (request) => ({ ...request, path: request.path.replace('/versions/99', '') }) },
  ],
  [
    'ignores the version',
    'routes, methods and versions: infer of version 1 is answered by that version',
    { request: (request) => ({ ...request, path: request.path.replace(/\/versions\/\d+/, '') }) },
  ],
  [
    'gives the version as a number',
    'routes, methods and versions: the answer of version 2 says so',
    inAnswers((answer) => {
      answer['model_version'] = Number(answer['model_version']);
    }),
  ],
  [
    'writes NaN into JSON',
    'requests and answers: FP32: what is not a number is null in the answer, which is JSON',
    {
      response: (response) => {
        const { text, raw } = partsOf(response);
        return { ...response, ...joined(response.headers, text.replaceAll('null', 'NaN'), raw) };
      },
    },
  ],
  [
    'reads an unknown encoding as plain',
    'bodies, compression and size: an encoding that the server does not know is refused, never read as plain',
    { request: (request) => ({ ...request, headers: without(request.headers, 'content-encoding') }) },
  ],
  [
    'compresses for those who cannot read it',
    'compressed answers: Accept-Encoding: identity: an encoding that was asked for, or none',
    {
      response: (response) => ({
        ...withHeaders(response, { 'content-encoding': 'gzip' }),
        body: gzipSync(response.body),
      }),
    },
  ],
  [
    'has no repository index for a request without a body',
    'repository: POST /v2/repository/index, no body, as tritonclient sends it: a list that names the models',
    {
      response: (response, { path, body }) =>
        path === '/v2/repository/index' && body.length === 0 ? { ...response, status: 422 } : response,
    },
  ],
  [
    'describes free dimensions as 0',
    'metadata: add_sub: inputs and outputs with datatype and shape, free dimensions as -1',
    {
      response: (response) => ({
        ...response,
        body: Buffer.from(Buffer.from(response.body).toString().replaceAll('"shape":[-1', '"shape":[0')),
      }),
    },
  ],
  [
    'counts nanoseconds in fractions',
    'statistics: GET stats of a model answers its counters',
    {
      response: (response) => ({
        ...response,
        body: Buffer.from(
          Buffer.from(response.body)
            .toString()
            .replace(/"ns":\d+/, '"ns":0.5'),
        ),
      }),
    },
  ],
  [
    'is ready for models that it does not have',
    'health: a model that is not there is not ready: a status that is no success',
    {
      response: (response, { path }) => (path.endsWith('/ready') ? { ...response, status: 200 } : response),
    },
  ],
];
