import { describeModel } from '../../../core/onnx/describe-model.ts';
import { TensorProto_DataType as Type } from '../../../core/onnx/schema/onnx_pb.ts';
import type { ModelVersion } from '../../../core/registry/model-version.ts';
import { int, ints, model, node, value } from './graph-building.ts';
import { artifactOf, MemoryArtifacts } from './model-versions.ts';

/** Rows that depend on each other: `centred` is `x` less the mean over the batch, `same` is `x`. */
const bytes = model({
  name: 'centred',
  node: [
    node('Identity', ['x'], 'same'),
    node('ReduceMean', ['x'], 'mean', [ints('axes', [0]), int('keepdims', 1)]),
    node('Sub', ['x', 'mean'], 'centred'),
  ],
  input: [value('x', Type.FLOAT, ['rows', 1])],
  output: [value('same', Type.FLOAT, ['rows', 1]), value('centred', Type.FLOAT, ['rows', 1])],
});

export const CENTRED: ModelVersion = {
  model: 'centred',
  version: '1',
  status: 'READY',
  artifact: artifactOf(bytes),
  description: describeModel(bytes),
  createdAt: '2026-01-01T00:00:00Z',
};

export const centredStore = () => new MemoryArtifacts().put(CENTRED.artifact, bytes);
