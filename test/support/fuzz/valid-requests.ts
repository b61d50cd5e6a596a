import fc from 'fast-check';
import { DATATYPES, type Datatype, type Tensor } from '../../../core/tensor/tensor.ts';
import { toBytes } from '../../../core/tensor/to-bytes.ts';
import { toJson } from '../../../core/tensor/to-json.ts';
import { tensorOf } from '../../unit/core/tensor/tensors.ts';

/** A request over HTTP, as it is before anything is done to it. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export const identityModel = (datatype: Datatype) => `identity_${datatype.toLowerCase()}`;

/** Models that the requests are for: each datatype as it is, and some with shapes, counts and defaults of their own. */
export const FUZZ_MODELS = [
  ...DATATYPES.map(identityModel),
  'optional_input',
  'constant',
  'fixed',
  'scalar',
  'vector_bytes',
  'add_sub',
];

/** A request that is right, and the bytes of the answer's one output. */
export interface ValidRequest {
  readonly request: FuzzRequest;
  /** The JSON part as text, and what follows it. */
  readonly json: string;
  readonly binary: Buffer;
  readonly tensor: Tensor;
}

/** Requests that must be answered with 200: each datatype in each form, with what may stand beside a tensor. */
export const validRequest: fc.Arbitrary<ValidRequest> = fc
  .record({
    tensor: fc.constantFrom(...DATATYPES).chain((datatype) => tensorOf(datatype, 2)),
    asBytes: fc.boolean(),
    wantsBytes: fc.boolean(),
    id: fc.option(fc.string({ maxLength: 8 }), { nil: undefined }),
    names: fc.boolean(),
    version: fc.constantFrom('', '/versions/1', '/versions/champion'),
  })
  .map(({ tensor, asBytes, wantsBytes, id, names, version }) => {
    const { datatype, shape } = tensor;
    const bytes = asBytes ? Buffer.from(toBytes(tensor)) : Buffer.alloc(0);
    const content = asBytes
      ? `"parameters":{"binary_data_size":${bytes.length}}`
      : `"data":${toJson(tensor)}`;
    const input = `{"name":"x","datatype":"${datatype}","shape":${JSON.stringify(shape)},${content}}`;
    const parts = [
      ...(id === undefined ? [] : [`"id":${JSON.stringify(id)}`]),
      `"inputs":[${input}]`,
      ...(names ? ['"outputs":[{"name":"y"}]'] : []),
      `"parameters":{"binary_data_output":${wantsBytes}}`,
    ];
    const json = `{${parts.join(',')}}`;
    const path = `/v2/models/${identityModel(datatype)}${version}/infer`;
    return { json, binary: bytes, tensor, request: requestOf(path, json, bytes) };
  });

export function requestOf(path: string, json: string, binary: Buffer): FuzzRequest {
  const head = Buffer.from(json);
  const length: Record<string, string> =
    binary.length > 0 ? { 'inference-header-content-length': String(head.length) } : {};
  return { method: 'POST', path, headers: length, body: Buffer.concat([head, binary]) };
}
