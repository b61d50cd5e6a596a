import { describe, expect, it } from 'vitest';
import { findModel } from '../../../../core/admission/find-model.ts';

const files = (...names: string[]) => names.map((name) => ({ name, size: 1 }));

describe('the model among the files of a version', () => {
  it.each([
    [['MLmodel', 'model.onnx', 'model.onnx.data'], 'model.onnx'],
    [['credit.onnx'], 'credit.onnx'],
    [['model/model.onnx', 'old.onnx'], 'model/model.onnx'],
    [['A.ONNX'], 'A.ONNX'],
  ])('of %j is %s', (names, model) => {
    expect(findModel(files(...names))).toBe(model);
  });

  it.each([
    [['a.onnx', 'b.onnx'], 'SEVERAL_MODELS', 'called model.onnx'],
    [['x/model.onnx', 'y/model.onnx'], 'SEVERAL_MODELS', 'called model.onnx'],
    [['../model.onnx'], 'PATH_OUTSIDE', 'without ".."'],
    [['model.onnx', 'a/../../b'], 'PATH_OUTSIDE', 'without ".."'],
    [['/model.onnx'], 'PATH_OUTSIDE', 'without ".."'],
    [[], 'NOT_ONNX', 'it has no files'],
    [['MLmodel', 'data.txt'], 'NOT_ONNX', 'MLmodel, data.txt'],
    [['MLmodel', 'model.pkl'], 'NOT_ONNX', 'from skl2onnx import to_onnx'],
    [['data/model.pth'], 'NOT_ONNX', 'torch.onnx.export'],
    [['model.keras'], 'NOT_ONNX', 'tf2onnx'],
    [['model.ubj'], 'NOT_ONNX', 'onnxmltools'],
  ])('of %j is none: %s', (names, code, advice) => {
    expect(() => findModel(files(...names))).toThrow(
      expect.objectContaining({ code, statusCode: 400, message: expect.stringContaining(advice) }),
    );
  });
});
