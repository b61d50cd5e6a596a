import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../../core/engine/engine.ts';
import { openFailure, runFailure } from '../../../../core/engine/runtime-failure.ts';
import { describeModel } from '../../../../core/onnx/describe-model.ts';
import { TensorProto_DataType as Type } from '../../../../core/onnx/schema/onnx_pb.ts';
import type { ModelVersion } from '../../../../core/registry/model-version.ts';
import { model, node, value } from '../../../support/models/graph-building.ts';
import { artifactOf, MemoryArtifacts } from '../../../support/models/model-versions.ts';

/** Makes a tensor of the shape that it is given, and adds it up. */
const bytes = model({
  name: 'filler',
  node: [node('ConstantOfShape', ['shape'], 'filled'), node('ReduceSum', ['filled'], 'total')],
  input: [value('shape', Type.INT64, ['rank'])],
  output: [value('total', Type.FLOAT, ['a', 'b'])],
});
const version: ModelVersion = {
  model: 'filler',
  version: '1',
  status: 'READY',
  artifact: artifactOf(bytes),
  description: describeModel(bytes),
  createdAt: '',
};

let directory: string;
let engine: Engine;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'runtime-failure-'));
  const artifacts = new MemoryArtifacts().put(version.artifact, bytes);
  engine = new Engine({ artifacts, directory, maxBytes: 1e6, memoryMegabytes: 1769 });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function fill(...lengths: bigint[]) {
  const shape = { datatype: 'INT64', shape: [lengths.length], data: BigInt64Array.from(lengths) } as const;
  return (await engine.run(version, new Map([['shape', shape]]), ['total'])).get('total')?.data;
}

describe('a model that needs more memory than there is', () => {
  it('answers 507 OUT_OF_MEMORY, says what to do, and answers the next request', async () => {
    const refused = fill(2n ** 50n, 1n);
    await expect(refused).rejects.toMatchObject({ code: 'OUT_OF_MEMORY', statusCode: 507, retryable: false });
    await expect(refused).rejects.toThrow(/operator ConstantOfShape .*fewer rows/);
    expect(await fill(2n, 3n)).toEqual(Float32Array.of(0));
  });

  it.each([
    ['a length below zero', [-1n, 1n]],
    ['more elements than can be counted', [2n ** 62n, 8n]],
  ])('is not the one at fault for %s', async (_, lengths) => {
    await expect(fill(...lengths)).rejects.toMatchObject({ code: 'INFERENCE_FAILED', statusCode: 400 });
  });
});

describe('a failure', () => {
  it.each([
    "Non-zero status code returned while running MatMul node. Name:'m' Status Message: std::bad_alloc",
    'Failed to allocate memory for requested buffer of size 4294967296',
    'Array buffer allocation failed',
  ])('for want of memory is told by its text: %s', (message) => {
    expect(runFailure(new Error(message))).toMatchObject({ code: 'OUT_OF_MEMORY', statusCode: 507 });
    expect(openFailure(new Error(message))).toMatchObject({ code: 'OUT_OF_MEMORY', statusCode: 503 });
  });

  it('of another kind is the caller’s in a run, the file’s when it is opened', () => {
    const error = new Error('Invalid rank for input: x Got: 3 Expected: 2');
    expect(runFailure(error)).toMatchObject({ code: 'INFERENCE_FAILED', statusCode: 400 });
    expect(openFailure(error)).toMatchObject({ code: 'MODEL_LOAD_FAILED', statusCode: 503 });
  });
});
