import { toBinary } from '@bufbuild/protobuf';
import { InvalidInputError } from '../errors.ts';
import type { OnnxModel } from './onnx-file.ts';
import { ModelProtoSchema } from './schema/onnx_pb.ts';

/**
 * The bytes of an ONNX file; the inverse of `parseOnnx`.
 *
 * @throws InvalidInputError `MODEL_TOO_LARGE` when they do not fit one file: a protobuf message ends below 2 GiB
 */
export function writeOnnx(model: OnnxModel): Uint8Array {
  try {
    return toBinary(ModelProtoSchema, model);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new InvalidInputError(
      'MODEL_TOO_LARGE',
      'The model does not fit one ONNX file, which has less than 2 GiB.',
      {
        cause,
      },
    );
  }
}
