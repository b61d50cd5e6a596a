import { describe, expect, it } from 'vitest';
import { hasBoundedRuns } from '../../../server/bounded-runs.ts';

describe('what a run computes is bounded by the sizes of its inputs', () => {
  it.each([
    ['of a pipeline of scikit-learn', ['Concat', 'ai.onnx.ml::LinearClassifier', 'ai.onnx.ml::Scaler']],
    ['of a network', ['Gemm', 'Relu', 'Softmax']],
    ['of nothing', []],
  ])('%s', (_what, operators) => {
    expect(hasBoundedRuns({ operators })).toBe(true);
  });

  it.each([
    ['with a loop', ['Add', 'Loop']],
    ['with a branch, which may hold a loop', ['If']],
    ['that makes as many numbers as a value says', ['ConstantOfShape', 'Mul']],
    ['that samples as often as a value says', ['Conv', 'RoiAlign']],
    ['with operators of which we know nothing', ['com.microsoft::BeamSearch']],
  ])('is not said of a model %s', (_what, operators) => {
    expect(hasBoundedRuns({ operators })).toBe(false);
  });
});
