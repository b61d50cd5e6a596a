import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { externalDataOf } from '../../../../core/onnx/external-data.ts';
import { TensorProtoSchema } from '../../../../core/onnx/schema/onnx_pb.ts';

function read(entries: Record<string, string>) {
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  return externalDataOf(create(TensorProtoSchema, { name: 'w', dataLocation: 1, externalData }));
}

describe('weights outside the model', () => {
  it('are a part of a file', () => {
    expect(read({ location: 'model.onnx.data', offset: '4096', length: '16' })).toEqual({
      location: 'model.onnx.data',
      offset: 4096,
      length: 16,
    });
  });

  it('are a whole file when nothing else is said', () => {
    expect(read({ location: 'weights/w.bin' })).toEqual({
      location: 'weights/w.bin',
      offset: 0,
      length: undefined,
    });
  });

  it.each([
    '/etc/passwd',
    '../secret',
    'a/../../secret',
    'C:\\weights.bin',
    'c:weights.bin',
    '..\\secret',
    'a\0b',
    '\\\\host\\share',
  ])('are refused in %j, which is not in the folder of the model', (location) => {
    expect(() => read({ location })).toThrow(expect.objectContaining({ code: 'EXTERNAL_DATA_OUTSIDE' }));
  });

  it.each<Record<string, string>>([
    { offset: '0' },
    { location: '' },
    { location: 'w', offset: '-1' },
    { location: 'w', offset: '1e3' },
    { location: 'w', length: '9007199254740993' },
    { location: 'w', length: 'many' },
  ])('are refused when the entry is %j', (entries) => {
    expect(() => read(entries)).toThrow(expect.objectContaining({ code: 'INVALID_EXTERNAL_DATA' }));
  });
});
