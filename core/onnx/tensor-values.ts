import { type TensorProto, TensorProto_DataType } from './schema/onnx_pb.ts';

/**
 * The values of a float tensor that stands in the model, in whichever of the two forms they are written.
 * Source: comments of `TensorProto`; raw data is little-endian.
 *
 * @returns undefined for other types, and where the number of values is not that of the shape
 */
export function floatsOf({ dataType, dims, rawData, floatData }: TensorProto): Float32Array | undefined {
  if (dataType !== TensorProto_DataType.FLOAT) return undefined;
  const values = rawData.length > 0 ? littleEndianFloats(rawData) : Float32Array.from(floatData);
  const count = dims.reduce((product, length) => product * Number(length), 1);
  return values.length === count ? values : undefined;
}

function littleEndianFloats(bytes: Uint8Array): Float32Array {
  const whole = bytes.length - (bytes.length % Float32Array.BYTES_PER_ELEMENT);
  // Copied: within the file, values begin at any byte. Every processor that onnxruntime runs on is little-endian.
  return new Float32Array(bytes.slice(0, whole).buffer);
}
