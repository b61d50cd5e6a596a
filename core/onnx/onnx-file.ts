import { fromBinary } from '@bufbuild/protobuf';
import { InvalidInputError } from '../errors.ts';
import { type GraphProto, type ModelProto, ModelProtoSchema } from './schema/onnx_pb.ts';

/** An ONNX model of which the graph is known to be there. */
export type OnnxModel = ModelProto & { readonly graph: GraphProto };

/**
 * Parses the bytes of an ONNX file.
 *
 * @throws InvalidInputError `NOT_ONNX` for anything else; the message says what the bytes look like.
 */
export function parseOnnx(bytes: Uint8Array): OnnxModel {
  const other = recognise(bytes);
  if (other) throw notOnnx(`the file ${other.looksLike}; ${other.advice}`);
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw notOnnx(`${FOREIGN} (the protobuf does not parse)`, cause);
  }
  if (!model.graph || model.irVersion === 0n) {
    const lacks = model.graph ? 'IR version' : 'graph';
    throw notOnnx(`${FOREIGN} (as a protobuf it has no ${lacks})`);
  }
  return model as OnnxModel;
}

const FOREIGN =
  'the file is cut off, corrupt or of another format; upload the .onnx file again, byte for byte';

function notOnnx(what: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError('NOT_ONNX', `This is no ONNX model: ${what}.`, { cause });
}

interface Format {
  /** Completes "the file ...". */
  readonly looksLike: string;
  readonly advice: string;
  readonly matches: (bytes: Uint8Array) => boolean;
}

const EXPORT = 'export the model to ONNX and upload that';

/** What people upload instead of an ONNX file, recognised by the first bytes. */
const OTHER_FORMATS: readonly Format[] = [
  { looksLike: 'is empty', advice: 'upload it again', matches: (bytes) => bytes.length === 0 },
  {
    looksLike: 'is a Git LFS pointer, not the model itself',
    advice: 'run "git lfs pull" and upload it again',
    matches: startsWith('version https://git-lfs'),
  },
  {
    looksLike: 'looks like a zip archive (a PyTorch checkpoint, a Keras file, a packed model)',
    advice: `unpack the .onnx file, or ${EXPORT}`,
    matches: startsWith('PK\x03\x04'),
  },
  {
    looksLike: 'looks like a gzip archive',
    advice: 'unpack it and upload the .onnx file',
    matches: startsWith('\x1f\x8b'),
  },
  {
    looksLike: 'looks like a Python pickle (scikit-learn, joblib, an old PyTorch checkpoint)',
    advice: EXPORT,
    // Protocols 2 to 5 open with PROTO and their number. A protobuf cannot: field 0 is not allowed.
    matches: (bytes) => bytes[0] === 0x80 && bytes[1] !== undefined && bytes[1] >= 2 && bytes[1] <= 5,
  },
  {
    looksLike: "is in onnxruntime's own .ort format",
    advice: 'upload the .onnx file that it was made from',
    matches: startsWith('ORTM', 4),
  },
  { looksLike: 'looks like a TensorFlow Lite model', advice: EXPORT, matches: startsWith('TFL3', 4) },
  { looksLike: 'looks like an HDF5 file (Keras)', advice: EXPORT, matches: startsWith('\x89HDF') },
  { looksLike: 'looks like a GGUF file', advice: EXPORT, matches: startsWith('GGUF') },
  { looksLike: 'looks like a safetensors file', advice: EXPORT, matches: startsWith('{"', 8) },
  {
    looksLike: 'looks like a web page',
    advice: 'the download needed a sign-in or failed; fetch it again',
    matches: (bytes) => /^\s*<(!doctype html|html)/i.test(latin1(bytes, 0, 64)),
  },
  {
    looksLike: 'looks like JSON',
    advice: EXPORT,
    matches: (bytes) => /^\s*[{[]\s*["[{]/.test(latin1(bytes, 0, 64)),
  },
];

function recognise(bytes: Uint8Array): Format | undefined {
  return OTHER_FORMATS.find(({ matches }) => matches(bytes));
}

function startsWith(text: string, offset = 0): (bytes: Uint8Array) => boolean {
  return (bytes) => latin1(bytes, offset, offset + text.length) === text;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}
