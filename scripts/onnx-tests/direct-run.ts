import type { InferenceSession, Tensor } from 'onnxruntime-node';
import * as onnxruntime from 'onnxruntime-node';
import { sessionOptions } from '../../core/engine/session-options.ts';
import { differenceOf } from './compare.ts';
import type { NodeTest } from './node-test.ts';
import { elementsOf, type WireTensor, withLength } from './wire-tensor.ts';

/** What a way of running a test makes of it. */
export type Verdict =
  | { readonly result: 'passes'; readonly outputs: readonly (readonly WireTensor[])[] }
  | { readonly result: 'differs' | 'refused'; readonly reason: string };

/** Runs a test with onnxruntime alone: what the server is measured by. */
export async function runDirectly(test: NodeTest): Promise<Verdict> {
  let session: InferenceSession | undefined;
  try {
    session = await onnxruntime.InferenceSession.create(test.modelPath, sessionOptions({ threads: 1 }));
    const outputs: WireTensor[][] = [];
    for (const set of test.sets) {
      const feeds = Object.fromEntries(set.inputs.map((tensor) => [tensor.name, toRuntime(tensor)]));
      const results = await session.run(feeds);
      const got = Object.entries(results).map(([name, tensor]) => fromRuntime(name, tensor));
      const difference = differenceOf(set.outputs, got);
      if (difference !== undefined) return { result: 'differs', reason: difference };
      outputs.push(got);
    }
    return { result: 'passes', outputs };
  } catch (error) {
    return { result: 'refused', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await session?.release();
  }
}

const TYPES: Readonly<
  Record<string, readonly [type: Tensor.Type, array: new (buffer: ArrayBuffer) => ArrayBufferView]>
> = {
  BOOL: ['bool', Uint8Array],
  UINT8: ['uint8', Uint8Array],
  UINT16: ['uint16', Uint16Array],
  UINT32: ['uint32', Uint32Array],
  UINT64: ['uint64', BigUint64Array],
  INT8: ['int8', Int8Array],
  INT16: ['int16', Int16Array],
  INT32: ['int32', Int32Array],
  INT64: ['int64', BigInt64Array],
  FP16: ['float16', Uint16Array],
  FP32: ['float32', Float32Array],
  FP64: ['float64', Float64Array],
};

function toRuntime(tensor: WireTensor): Tensor {
  const { datatype, shape, bytes } = tensor;
  if (datatype === 'BYTES') return new onnxruntime.Tensor('string', elementsOf(tensor) as string[], shape);
  const [type, Elements] = TYPES[datatype] as (typeof TYPES)[string];
  const data = new Elements(new Uint8Array(bytes).buffer);
  if (type !== 'float16') return new onnxruntime.Tensor(type as 'float32', data as Float32Array, shape);
  // The class makes a Float16Array of it, which the native side of onnxruntime-node 1.30 reads as empty.
  const size = bytes.length / 2;
  return { type, dims: shape, size, location: 'cpu', data } as unknown as Tensor;
}

function fromRuntime(name: string, { type, dims, data }: Tensor): WireTensor {
  const shape = [...dims];
  if (type === 'string') {
    const bytes = Buffer.concat((data as string[]).map((text) => withLength(Buffer.from(text))));
    return { name, datatype: 'BYTES', shape, bytes };
  }
  const datatype = Object.keys(TYPES).find((each) => TYPES[each]?.[0] === type) ?? type;
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  return { name, datatype, shape, bytes: Buffer.from(buffer, byteOffset, byteLength) };
}
