import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../../core/engine/engine.ts';
import { DATATYPES, type Datatype, type Tensor } from '../../../../core/tensor/tensor.ts';
import { toBytes } from '../../../../core/tensor/to-bytes.ts';
import { toJson } from '../../../../core/tensor/to-json.ts';
import { storeWith, versionOf } from '../../../support/models/model-versions.ts';
import { nest, tensorOf } from '../tensor/tensors.ts';
import { serve } from './in-memory.ts';

const directory = mkdtempSync(join(tmpdir(), 'protocol-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const modelOf = (datatype: Datatype) => `identity_${datatype.toLowerCase()}`;
const names = [...DATATYPES.map(modelOf), 'optional_input', 'ir3', 'constant'];
const runner = new Engine({
  artifacts: storeWith(...names),
  directory,
  memoryMegabytes: 1769,
  maxBytes: 1_000_000,
});
const { call, internalErrors } = serve(names.map(versionOf), { runner });

/** An input of the request, with its data in one form or the other. */
interface Form {
  readonly input: string;
  readonly bytes: Uint8Array;
}

const head = ({ datatype, shape }: Tensor) =>
  `"name":"x","datatype":"${datatype}","shape":${JSON.stringify(shape)}`;

const asFlatJson = (tensor: Tensor): Form => ({
  input: `{${head(tensor)},"data":${toJson(tensor)}}`,
  bytes: new Uint8Array(0),
});

/** Each element keeps the literal that it has in flat JSON. */
function asNestedJson(tensor: Tensor): Form {
  const literals = Array.from(tensor.data as ArrayLike<unknown>, (_, i) =>
    toJson({ ...tensor, data: tensor.data.slice(i, i + 1) } as Tensor).slice(1, -1),
  );
  const text = (level: unknown): string =>
    Array.isArray(level) ? `[${level.map(text).join(',')}]` : String(level);
  return {
    input: `{${head(tensor)},"data":${text(nest(literals, tensor.shape))}}`,
    bytes: new Uint8Array(0),
  };
}

function asBytes(tensor: Tensor): Form {
  const bytes = toBytes(tensor);
  return { input: `{${head(tensor)},"parameters":{"binary_data_size":${bytes.length}}}`, bytes };
}

async function infer(model: string, { input, bytes }: Form, wantsBytes: boolean) {
  const json = Buffer.from(`{"inputs":[${input}],"parameters":{"binary_data_output":${wantsBytes}}}`);
  const headers = { 'inference-header-content-length': String(json.length) };
  const body = Buffer.concat([json, bytes]);
  return await call('POST', `/v2/models/${model}/infer`, { headers, body });
}

const FORMS = { 'flat JSON': asFlatJson, 'nested JSON': asNestedJson, bytes: asBytes };

describe.each(DATATYPES)('%s through an identity model on the real runtime', (datatype) => {
  it.each(Object.entries(FORMS))(
    'goes in as %s and comes back as JSON and as bytes',
    async (_name, formOf) => {
      await fc.assert(
        fc.asyncProperty(tensorOf(datatype, 2), async (tensor) => {
          const form = formOf(tensor);
          const bytes = await infer(modelOf(datatype), form, true);
          expect(bytes.json).toMatchObject({ outputs: [{ name: 'y', datatype, shape: tensor.shape }] });
          expect(bytes.raw).toEqual(new Uint8Array(toBytes(tensor)));
          const { text } = await infer(modelOf(datatype), form, false);
          expect(text).toContain(
            `"shape":${JSON.stringify(tensor.shape)},"datatype":"${datatype}","data":${toJson(tensor)}}]}`,
          );
        }),
        { numRuns: 30 },
      );
    },
  );
});

describe('inputs that have defaults, on the real runtime', () => {
  const x = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
  const ask = (model: string, inputs: unknown) =>
    call('POST', `/v2/models/${model}/infer`, { body: { inputs } });

  it('may be left out', async () => {
    expect((await ask('optional_input', [x])).json['outputs']).toMatchObject([{ data: [2, 4] }]);
    expect((await ask('ir3', [x])).json['outputs']).toMatchObject([{ data: [2, 1] }]);
    expect((await ask('constant', [])).status).toBe(200);
  });

  it('are refused rather than ignored, since the runtime cannot be fed them', async () => {
    const scale = { name: 'scale', datatype: 'FP32', shape: [1], data: [3] };
    const reply = await ask('optional_input', [x, scale]);
    expect(reply.status).toBe(400);
    expect(reply.json['error']).toContain('"scale"');
  });
});

describe('whatever comes', () => {
  /** A request that is right but for some bytes of it. */
  const damaged = fc
    .tuple(
      fc.constantFrom(
        '{"inputs":[{"name":"x","datatype":"FP32","shape":[2,1],"data":[1,NaN]}]}',
        '{"id":"a","inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"data":[[9007199254740993,-1]]}]}',
        '{"inputs":[{"name":"x","datatype":"FP32","shape":[1,1],"parameters":{"binary_data_size":4}}]}\0\0\0\0',
      ),
      fc.array(fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: 255 })), { maxLength: 4 }),
    )
    .map(([text, changes]) => {
      const bytes = Buffer.from(text);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes;
    });
  const message = fc.record({
    body: fc.oneof(
      damaged,
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
    ),
    length: fc.option(fc.oneof(fc.nat({ max: 120 }).map(String), fc.string()), { nil: undefined }),
    encoding: fc.constantFrom(undefined, 'gzip', 'deflate', 'br'),
    path: fc.constantFrom(
      '/v2/models/identity_fp32/infer',
      '/v2/models/identity_int64/infer',
      '/v2/repository/index',
    ),
  });

  it('is answered, or refused in the one shape of errors, and never a failure of the service', async () => {
    await fc.assert(
      fc.asyncProperty(message, async ({ body, length, encoding, path }) => {
        const headers = { 'inference-header-content-length': length, 'content-encoding': encoding };
        const reply = await call('POST', path, { headers, body });
        expect([200, 400, 413, 415, 501]).toContain(reply.status);
        const keys = reply.status === 200 ? [] : ['error', 'error_code', 'message', 'request_id'];
        expect(Object.keys(reply.json)).toEqual(expect.arrayContaining(keys));
      }),
      { numRuns: 1000 },
    );
    expect(internalErrors).toEqual([]);
  });
});
