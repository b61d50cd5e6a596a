import assert from 'node:assert/strict';
import { must, nice, type Suite, should } from '../check.ts';
import { readJson } from '../inference.ts';
import { REFERENCES } from '../references.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { DATATYPE_SAMPLES, identityModel } from './datatypes.ts';

interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

interface ModelMetadata {
  readonly name: string;
  readonly versions?: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly properties?: Readonly<Record<string, string>>;
}

const metadata = async (server: ServerUnderTest, model: string, version?: string) =>
  readJson(await server.get(model, '', version)) as ModelMetadata;

const fp32 = (name: string, ...shape: number[]): TensorMetadata => ({ name, datatype: 'FP32', shape });

/** Name, datatype and shape, in the order of the names: the protocol orders tensors no further. */
const tensors = (described: readonly TensorMetadata[]) =>
  described
    .map(({ name, datatype, shape }) => ({ name, datatype, shape }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/** Models whose tensors are worth reading: [model, inputs, outputs]. */
const TENSORS: readonly [string, readonly TensorMetadata[], readonly TensorMetadata[]][] = [
  ['add_sub', [fp32('a', -1, 4), fp32('b', -1, 4)], [fp32('difference', -1, 4), fp32('sum', -1, 4)]],
  ['fixed', [fp32('x', 2, 2)], [fp32('y', 2, 2)]],
  ['constant', [], [fp32('y', 3)]],
  [
    'vector_bytes',
    [{ name: 'x', datatype: 'BYTES', shape: [1] }],
    [{ name: 'y', datatype: 'BYTES', shape: [1] }],
  ],
];

const ofServer = ['/v2', '/v2/'].map((path) =>
  must(
    `GET ${path} names the server, its version and its extensions`,
    async ({ call }) => {
      const server = readJson(await call('GET', path)) as Record<string, unknown>;
      for (const key of ['name', 'version']) {
        assert.ok(typeof server[key] === 'string' && server[key].length > 0, `"${key}" is a text`);
      }
      assert.ok(Array.isArray(server['extensions']), '"extensions" is a list');
      assert.ok(
        server['extensions'].every((extension) => typeof extension === 'string'),
        'extensions are texts',
      );
    },
    REFERENCES.serverMetadata,
  ),
);

export const describes: Suite = {
  title: 'metadata',
  reference: REFERENCES.modelMetadata,
  checks: [
    ...ofServer,
    should(
      'the extensions name binary_tensor_data',
      async ({ call }) => {
        const { extensions } = readJson(await call('GET', '/v2')) as { extensions: string[] };
        assert.ok(extensions.includes('binary_tensor_data'), `extensions: ${extensions.join(', ')}`);
      },
      REFERENCES.binary,
    ),
    ...TENSORS.map(([model, inputs, outputs]) =>
      must(`${model}: inputs and outputs with datatype and shape, free dimensions as -1`, async (server) => {
        const read = await metadata(server, model);
        assert.equal(read.name, server.name(model));
        assert.equal(typeof read.platform, 'string');
        assert.deepEqual(tensors(read.inputs), inputs);
        assert.deepEqual(tensors(read.outputs), outputs);
      }),
    ),
    ...DATATYPE_SAMPLES.map(({ datatype }) =>
      must(`${identityModel(datatype)}: datatype ${datatype}`, async (server) => {
        const { inputs, outputs } = await metadata(server, identityModel(datatype));
        assert.deepEqual(tensors(inputs), [{ name: 'x', datatype, shape: [-1, -1] }]);
        assert.deepEqual(tensors(outputs), [{ name: 'y', datatype, shape: [-1, -1] }]);
      }),
    ),
    should('the platform of an ONNX model is onnx_onnxv1', async (server) => {
      assert.equal((await metadata(server, 'add_sub')).platform, 'onnx_onnxv1');
    }),
    should('versions lists all versions of the model, as texts', async (server) => {
      const { versions = [] } = await metadata(server, 'two_versions');
      assert.deepEqual(versions.toSorted(), ['1', '2']);
    }),
    must('a version is described under its own path', async (server) => {
      for (const version of ['1', '2']) {
        const { name, inputs } = await metadata(server, 'two_versions', version);
        assert.equal(name, server.name('two_versions'));
        assert.deepEqual(tensors(inputs), [fp32('x', -1, -1)]);
      }
    }),
    nice('an input that has a default is listed', async (server) => {
      const { inputs } = await metadata(server, 'optional_input');
      assert.deepEqual(tensors(inputs), [fp32('scale', 1), fp32('x', -1, 2)]);
    }),
    nice('properties are texts', async (server) => {
      const { properties } = await metadata(server, 'add_sub');
      assert.ok(Object.keys(properties ?? {}).length > 0, 'there are properties');
      assert.ok(Object.values(properties ?? {}).every((value) => typeof value === 'string'));
    }),
  ],
};
