import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type ValueInfoProto } from '../../core/onnx/schema/onnx_pb.ts';
import { readTensorFile, UnsayableTypeError, type WireTensor } from './wire-tensor.ts';

/** One of the standard's tests of an operator. */
export interface NodeTest {
  readonly name: string;
  readonly modelPath: string;
  readonly sets: readonly DataSet[];
  /** Why the protocol cannot say this test's tensors; absent when it can. */
  readonly unsayable?: string;
}

interface DataSet {
  readonly inputs: readonly WireTensor[];
  readonly outputs: readonly WireTensor[];
}

/** All tests below a folder, in the order of their names. */
export function readNodeTests(folder: string): NodeTest[] {
  return readdirSync(folder)
    .sort()
    .map((name) => readNodeTest(join(folder, name), name));
}

function readNodeTest(folder: string, name: string): NodeTest {
  const modelPath = join(folder, 'model.onnx');
  const { graph } = fromBinary(ModelProtoSchema, readFileSync(modelPath));
  const [inputs, outputs] = [graph?.input ?? [], graph?.output ?? []];
  const test = { name, modelPath };
  const kind = [...inputs, ...outputs]
    .map(({ type }) => type?.value.case)
    .find((each) => each !== 'tensorType');
  if (kind !== undefined) return { ...test, sets: [], unsayable: KINDS[kind] ?? kind };
  try {
    const sets = readdirSync(folder)
      .filter((each) => each.startsWith('test_data_set_'))
      .map((each) => ({
        inputs: readTensors(join(folder, each), 'input', inputs),
        outputs: readTensors(join(folder, each), 'output', outputs),
      }));
    return { ...test, sets };
  } catch (error) {
    if (!(error instanceof UnsayableTypeError)) throw error;
    return { ...test, sets: [], unsayable: error.message };
  }
}

const KINDS: Readonly<Record<string, string>> = {
  sequenceType: 'sequences',
  optionalType: 'optionals',
  mapType: 'maps',
  sparseTensorType: 'sparse tensors',
};

/** Tensors have no names of their own everywhere: they come in the order of the graph. */
function readTensors(
  folder: string,
  side: 'input' | 'output',
  values: readonly ValueInfoProto[],
): WireTensor[] {
  const count = readdirSync(folder).filter((each) => each.startsWith(`${side}_`)).length;
  return values
    .slice(0, count)
    .map(({ name }, index) => readTensorFile(join(folder, `${side}_${index}.pb`), name));
}
