import { create, toBinary } from '@bufbuild/protobuf';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { parseOnnx } from '../../../../core/onnx/onnx-file.ts';
import { GraphProtoSchema, ModelProtoSchema } from '../../../../core/onnx/schema/onnx_pb.ts';
import { modelFile } from '../../../support/models/model-file.ts';

const text = (value: string) => Buffer.from(value, 'latin1');

describe('a file of another format is refused by its name', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /is empty/],
    [
      'a Git LFS pointer',
      text('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'),
      /git lfs pull/,
    ],
    ['a zip', zipSync({ 'data.pkl': text('x') }), /zip archive/],
    ['a gzip', text('\x1f\x8b\x08\x00'), /gzip/],
    ['a pickle', text('\x80\x04\x95\x0b\x00\x00\x00'), /pickle/],
    ['an .ort file', text('\x18\x00\x00\x00ORTM\x00\x00'), /\.ort/],
    ['TensorFlow Lite', text('\x1c\x00\x00\x00TFL3'), /TensorFlow Lite/],
    ['HDF5', text('\x89HDF\r\n\x1a\n'), /HDF5/],
    ['GGUF', text('GGUF\x03\x00\x00\x00'), /GGUF/],
    ['safetensors', text('\x40\x00\x00\x00\x00\x00\x00\x00{"weight":{}}'), /safetensors/],
    ['a web page', text('<!DOCTYPE html><html><body>Sign in</body></html>'), /web page/],
    ['JSON', text('{"learner": {"version": [2, 0]}}'), /JSON/],
    ['text', text('slope,intercept\n1,2\n'), /cut off, corrupt or of another format/],
    [
      'a protobuf of something else',
      toBinary(GraphProtoSchema, create(GraphProtoSchema, { name: 'g' })),
      /another format/,
    ],
    [
      'a model without a graph',
      toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n })),
      /no graph/,
    ],
    [
      'a graph without a version',
      toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph: {} })),
      /no IR version/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => parseOnnx(bytes)).toThrow(
      expect.objectContaining({ code: 'NOT_ONNX', statusCode: 400, message: expect.stringMatching(message) }),
    );
  });
});

it('a model is parsed whole: written again it is the same bytes', () => {
  for (const name of ['add_sub', 'branches', 'optional_input', 'external_data']) {
    expect(toBinary(ModelProtoSchema, parseOnnx(modelFile(name)))).toEqual(new Uint8Array(modelFile(name)));
  }
});

it('nesting without end is refused, and does not exhaust the stack', () => {
  let bytes = new Uint8Array();
  // GraphProto.node (1) > NodeProto.attribute (5) > AttributeProto.g (6), field by field from the inside.
  for (let depth = 0; depth < 3000; depth += 1) {
    for (const field of [6, 5, 1]) bytes = Uint8Array.of((field << 3) | 2, ...varint(bytes.length), ...bytes);
  }
  const model = Uint8Array.of(0x08, 8, (7 << 3) | 2, ...varint(bytes.length), ...bytes);
  expect(() => parseOnnx(model)).toThrow(expect.objectContaining({ code: 'NOT_ONNX' }));
});

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
