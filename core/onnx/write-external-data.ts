import { create } from '@bufbuild/protobuf';
import { isExternal } from './external-data.ts';
import { partsOf } from './model-parts.ts';
import type { OnnxModel } from './onnx-file.ts';
import {
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from './schema/onnx_pb.ts';

/** Smaller tensors stay inside: shapes and axes, which the runtime looks at while it optimises. */
const MIN_BYTES = 1024;

/**
 * A tensor that is mapped into memory must begin at a page to be used in place. Source: ONNX, "External Data" (offset).
 * Small ones begin at a cache line, so that a model of many small tensors does not double in size.
 */
const PAGE = { bytes: 4096, from: 64 * 1024 } as const;
const CACHE_LINE = 64;

/**
 * Moves the weights of a model, those of branches and loops too, to a file beside it. The runtime maps that file instead
 * of reading it, so that the model opens faster and its weights are in memory once.
 *
 * @param model changed: its weights point to the file
 * @param file name of the file in the folder of the model
 * @returns what the file holds, piece by piece; empty when the model has no weights of 1 KiB or more
 */
export function separateWeights(model: OnnxModel, file: string): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let end = 0;
  for (const tensor of partsOf(model).graphs.flatMap(({ initializer }) => initializer)) {
    const { rawData } = tensor;
    if (isExternal(tensor) || rawData.length < MIN_BYTES) continue;
    const gap = gapBefore(rawData.length, end);
    pieces.push(new Uint8Array(gap), rawData);
    pointTo(tensor, file, end + gap);
    end += gap + rawData.length;
  }
  return pieces;
}

function gapBefore(bytes: number, end: number): number {
  const alignment = bytes >= PAGE.from ? PAGE.bytes : CACHE_LINE;
  return (alignment - (end % alignment)) % alignment;
}

function pointTo(tensor: TensorProto, location: string, offset: number): void {
  const entries = { location, offset, length: tensor.rawData.length };
  tensor.externalData = Object.entries(entries).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value: String(value) }),
  );
  tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
  tensor.rawData = new Uint8Array(0);
}
