import { TensorProto_DataType as Type } from '../../../core/onnx/schema/onnx_pb.ts';
import { floats, graph, model, node, value } from './graph-building.ts';

const ROWS = 4;

/** Models that a caller can make fail by values alone: names, files, and requests that do and that do not. */
export const FAULTY_MODELS: Readonly<Record<string, Uint8Array>> = {
  gather: model({
    input: [value('at', Type.INT64, ['n'])],
    output: [value('y', Type.FLOAT, ['n'])],
    initializer: [floats('table', [ROWS], Float32Array.of(1, 2, 3, 4))],
    node: [node('Gather', ['table', 'at'], 'y')],
  }),
  reshape: model({
    input: [value('x', Type.FLOAT, ['n']), value('shape', Type.INT64, ['r'])],
    output: [value('y', Type.FLOAT, ['a', 'b'])],
    node: [node('Reshape', ['x', 'shape'], 'y')],
  }),
  constant_of_shape: model({
    input: [value('shape', Type.INT64, ['r'])],
    output: [value('y', Type.FLOAT, [])],
    node: [node('ConstantOfShape', ['shape'], 'zeros'), node('ReduceSum', ['zeros'], 'y', [])],
  }),
  expand: model({
    input: [value('x', Type.FLOAT, [1]), value('shape', Type.INT64, ['r'])],
    output: [value('y', Type.FLOAT, ['a'])],
    node: [node('Expand', ['x', 'shape'], 'y')],
  }),
  tile: model({
    input: [value('x', Type.FLOAT, ['n']), value('repeats', Type.INT64, [1])],
    output: [value('y', Type.FLOAT, ['m'])],
    node: [node('Tile', ['x', 'repeats'], 'y')],
  }),
  /** Adds 1 as often as it is told to. */
  loop: model({
    input: [value('count', Type.INT64, []), value('x', Type.FLOAT, [1])],
    output: [value('y', Type.FLOAT, [1])],
    node: [
      node('Loop', ['count', '', 'x'], 'y', [
        graph('body', {
          name: 'body',
          input: [value('i', Type.INT64, []), value('go', Type.BOOL, []), value('sum', Type.FLOAT, [1])],
          output: [value('go_on', Type.BOOL, []), value('next', Type.FLOAT, [1])],
          initializer: [floats('one', [1], Float32Array.of(1))],
          node: [node('Identity', ['go'], 'go_on'), node('Add', ['sum', 'one'], 'next')],
        }),
      ]),
    ],
  }),
};

export const integerInput = (name: string, shape: readonly number[], ...data: number[]) => ({
  name,
  datatype: 'INT64',
  shape,
  data,
});

export const floatInput = (name: string, ...data: number[]) => ({
  name,
  datatype: 'FP32',
  shape: [data.length],
  data,
});

/** More than any machine has: 64 TB. */
const HUGE = 2 ** 44;

export interface Fault {
  readonly what: string;
  readonly model: string;
  readonly bad: readonly unknown[];
  readonly good: readonly unknown[];
  /** Output of the good request. */
  readonly output: readonly number[];
  readonly status: number;
  readonly code: string;
}

/** What callers do to them, and how it is to be answered. */
export const FAULTS: readonly Fault[] = [
  {
    what: 'an index out of range',
    model: 'gather',
    bad: [integerInput('at', [2], 0, 7)],
    good: [integerInput('at', [2], 0, 3)],
    output: [1, 4],
    status: 400,
    code: 'INFERENCE_FAILED',
  },
  {
    what: 'a shape that does not fit',
    model: 'reshape',
    bad: [floatInput('x', 1, 2, 3), integerInput('shape', [2], 2, 2)],
    good: [floatInput('x', 1, 2), integerInput('shape', [2], 2, 1)],
    output: [1, 2],
    status: 400,
    code: 'INFERENCE_FAILED',
  },
  {
    what: 'a tensor larger than all memory',
    model: 'constant_of_shape',
    bad: [integerInput('shape', [1], HUGE)],
    good: [integerInput('shape', [1], 3)],
    output: [0],
    status: 507,
    code: 'OUT_OF_MEMORY',
  },
  {
    what: 'an expansion beyond all memory',
    model: 'expand',
    bad: [floatInput('x', 1), integerInput('shape', [1], HUGE)],
    good: [floatInput('x', 1), integerInput('shape', [1], 2)],
    output: [1, 1],
    status: 507,
    code: 'OUT_OF_MEMORY',
  },
  {
    // onnxruntime refuses to tile beyond 4 GB, whatever there is.
    what: 'a repetition beyond what onnxruntime makes',
    model: 'tile',
    bad: [floatInput('x', 1), integerInput('repeats', [1], HUGE)],
    good: [floatInput('x', 1, 2), integerInput('repeats', [1], 2)],
    output: [1, 2, 1, 2],
    status: 400,
    code: 'INFERENCE_FAILED',
  },
];
