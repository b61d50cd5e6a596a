import assert from 'node:assert/strict';
import { type Call, must, type Suite, should } from '../check.ts';
import { parseJson } from '../inference.ts';
import { DATATYPE_SAMPLES, identityModel } from './datatypes.ts';

interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly properties?: Readonly<Record<string, string>>;
}

async function get(call: Call, path: string): Promise<unknown> {
  const reply = await call('GET', path);
  assert.equal(reply.status, 200, `GET ${path}: ${reply.status}`);
  assert.equal(reply.headers.get('content-type'), 'application/json');
  return parseJson(reply.bytes);
}

const metadata = async (call: Call, path: string) => (await get(call, path)) as ModelMetadata;
const fp32 = (name: string, ...shape: number[]): TensorMetadata => ({ name, datatype: 'FP32', shape });

const describesItself = (path: string) =>
  must(`GET ${path} names the server, its version and its extensions`, async (call) => {
    const server = (await get(call, path)) as { name: string; version: string; extensions: string[] };
    assert.ok(server.name.length > 0);
    assert.match(String(server.version), /^\d+\.\d+\.\d+/);
    assert.ok(
      server.extensions.includes('binary_tensor_data'),
      `extensions: ${server.extensions.join(', ')}`,
    );
  });

/** Models whose tensors are worth reading: [model, inputs, outputs]. */
const TENSORS: readonly [string, readonly TensorMetadata[], readonly TensorMetadata[]][] = [
  ['add_sub', [fp32('a', -1, 4), fp32('b', -1, 4)], [fp32('sum', -1, 4), fp32('difference', -1, 4)]],
  ['fixed', [fp32('x', 2, 2)], [fp32('y', 2, 2)]],
  ['constant', [], [fp32('y', 3)]],
  [
    'vector_bytes',
    [{ name: 'x', datatype: 'BYTES', shape: [1] }],
    [{ name: 'y', datatype: 'BYTES', shape: [1] }],
  ],
];

export const describes: Suite = {
  title: 'metadata',
  checks: [
    describesItself('/v2'),
    describesItself('/v2/'),
    ...TENSORS.map(([model, inputs, outputs]) =>
      must(`${model}: inputs and outputs with datatype and shape, free dimensions as -1`, async (call) => {
        const read = await metadata(call, `/v2/models/${model}`);
        assert.equal(read.name, model);
        assert.equal(read.platform, 'onnx_onnxv1');
        assert.deepEqual(read.inputs, inputs);
        assert.deepEqual(read.outputs, outputs);
      }),
    ),
    ...DATATYPE_SAMPLES.map(({ datatype }) =>
      must(`${identityModel(datatype)}: datatype ${datatype}`, async (call) => {
        const { inputs, outputs } = await metadata(call, `/v2/models/${identityModel(datatype)}`);
        assert.deepEqual(inputs, [{ name: 'x', datatype, shape: [-1, -1] }]);
        assert.deepEqual(outputs, [{ name: 'y', datatype, shape: [-1, -1] }]);
      }),
    ),
    must('optional_input: the input that has a default is listed', async (call) => {
      const { inputs } = await metadata(call, '/v2/models/optional_input');
      assert.deepEqual(inputs, [fp32('x', -1, 2), fp32('scale', 1)]);
    }),
    must('versions lists all versions of the model', async (call) => {
      assert.deepEqual((await metadata(call, '/v2/models/two_versions')).versions, ['1', '2']);
    }),
    must('a version is described by its own tensors', async (call) => {
      const first = await metadata(call, '/v2/models/two_versions/versions/1');
      const second = await metadata(call, '/v2/models/two_versions/versions/2');
      assert.deepEqual(first.inputs[0]?.shape, [-1, -1]);
      assert.deepEqual(second.inputs[0]?.shape, [2, 2]);
    }),
    should('an alias is described as the version that it points to', async (call) => {
      const { inputs } = await metadata(call, '/v2/models/two_versions/versions/candidate');
      assert.deepEqual(inputs[0]?.shape, [2, 2]);
    }),
    should('properties are texts and tell the digest of the model file', async (call) => {
      const { properties = {} } = await metadata(call, '/v2/models/add_sub');
      assert.ok(Object.values(properties).every((value) => typeof value === 'string'));
      assert.ok(Object.values(properties).some((value) => /^[0-9a-f]{64}$/.test(value)));
    }),
    should('GET /v2/models lists the names of all models', async (call) => {
      const { models } = (await get(call, '/v2/models')) as { models: string[] };
      for (const name of ['add_sub', 'fixed', 'no_champion']) assert.ok(models.includes(name), name);
    }),
    should('GET config answers an object that names the model', async (call) => {
      const config = (await get(call, '/v2/models/add_sub/config')) as { name: string };
      assert.equal(config.name, 'add_sub');
    }),
    ...[undefined, '{}', '{"ready":true}'].map((body) =>
      should(
        `POST /v2/repository/index with ${body ?? 'an empty body'} answers an array of models`,
        async (call) => {
          const reply = await call('POST', '/v2/repository/index', { body });
          assert.equal(reply.status, 200);
          const index = parseJson(reply.bytes) as {
            name: string;
            version?: string;
            state: string;
            reason: string;
          }[];
          const found = index.filter(({ name }) => name === 'two_versions');
          assert.ok(found.length > 0);
          for (const { state, reason } of found) {
            assert.equal(state, 'READY');
            assert.equal(typeof reason, 'string');
          }
        },
      ),
    ),
  ],
};
