import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import {
  type TensorProto,
  TensorProtoSchema,
  TensorProto_DataType as Type,
} from '../../core/onnx/schema/onnx_pb.ts';

/** A tensor as the protocol carries it, read and written here on its own: the server's reading is what is tested. */
export interface WireTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Little-endian; each element of BYTES behind its length. */
  readonly bytes: Buffer;
}

/** The tensor has a type that the protocol has no name for, or that no client sends. */
export class UnsayableTypeError extends Error {
  override readonly name = 'UnsayableTypeError';
}

/** Name in the protocol, and bytes of an element. Source: Open Inference Protocol, "Tensor Data Types". */
const DATATYPES: Readonly<Partial<Record<Type, readonly [datatype: string, size: number]>>> = {
  [Type.BOOL]: ['BOOL', 1],
  [Type.UINT8]: ['UINT8', 1],
  [Type.UINT16]: ['UINT16', 2],
  [Type.UINT32]: ['UINT32', 4],
  [Type.UINT64]: ['UINT64', 8],
  [Type.INT8]: ['INT8', 1],
  [Type.INT16]: ['INT16', 2],
  [Type.INT32]: ['INT32', 4],
  [Type.INT64]: ['INT64', 8],
  [Type.FLOAT16]: ['FP16', 2],
  [Type.FLOAT]: ['FP32', 4],
  [Type.DOUBLE]: ['FP64', 8],
  [Type.STRING]: ['BYTES', 0],
};

/**
 * Reads a file of a test's data.
 *
 * @throws UnsayableTypeError
 */
export function readTensorFile(path: string, name: string): WireTensor {
  const proto = fromBinary(TensorProtoSchema, readFileSync(path));
  const [datatype, size] = DATATYPES[proto.dataType as Type] ?? [];
  if (datatype === undefined || size === undefined)
    throw new UnsayableTypeError(Type[proto.dataType] ?? String(proto.dataType));
  return { name, datatype, shape: proto.dims.map(Number), bytes: bytesOf(proto, size) };
}

/** Source: comments of `TensorProto`: which field holds which type. */
function bytesOf(proto: TensorProto, size: number): Buffer {
  if (proto.dataType === Type.STRING) return Buffer.concat(proto.stringData.map(withLength));
  if (proto.rawData.length > 0) return Buffer.from(proto.rawData);
  if (proto.dataType === Type.FLOAT) return Buffer.from(Float32Array.from(proto.floatData).buffer);
  if (proto.dataType === Type.DOUBLE) return Buffer.from(Float64Array.from(proto.doubleData).buffer);
  const integers = [...proto.int32Data.map(BigInt), ...proto.int64Data, ...proto.uint64Data];
  const bytes = Buffer.alloc(integers.length * size);
  for (const [index, value] of integers.entries()) {
    const whole = Buffer.alloc(8);
    whole.writeBigInt64LE(BigInt.asIntN(64, value));
    whole.copy(bytes, index * size, 0, size);
  }
  return bytes;
}

export function withLength(text: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text]);
}

/** Elements as numbers, bigints or text. */
export function elementsOf({ datatype, bytes }: WireTensor): readonly (number | bigint | string)[] {
  if (datatype === 'BYTES') return textsOf(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [read, size] = READERS[datatype] ?? [];
  if (!read || !size) throw new UnsayableTypeError(datatype);
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) => read(view, index * size));
}

type Read = (view: DataView, at: number) => number | bigint;

const READERS: Readonly<Record<string, readonly [Read, size: number]>> = {
  BOOL: [(view, at) => view.getUint8(at), 1],
  UINT8: [(view, at) => view.getUint8(at), 1],
  UINT16: [(view, at) => view.getUint16(at, true), 2],
  UINT32: [(view, at) => view.getUint32(at, true), 4],
  UINT64: [(view, at) => view.getBigUint64(at, true), 8],
  INT8: [(view, at) => view.getInt8(at), 1],
  INT16: [(view, at) => view.getInt16(at, true), 2],
  INT32: [(view, at) => view.getInt32(at, true), 4],
  INT64: [(view, at) => view.getBigInt64(at, true), 8],
  FP16: [(view, at) => halfToNumber(view.getUint16(at, true)), 2],
  FP32: [(view, at) => view.getFloat32(at, true), 4],
  FP64: [(view, at) => view.getFloat64(at, true), 8],
};

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function textsOf(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    texts.push(bytes.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}
