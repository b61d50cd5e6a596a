import type { ModelDescription } from '../core/onnx/model-description.ts';

/** Operators that compute as often, or as much, as a value in their inputs says. */
const OPEN_ENDED = new Set([
  'AffineGrid',
  'BlackmanWindow',
  'CenterCropPad',
  'Col2Im',
  'ConstantOfShape',
  'DFT',
  'Expand',
  'HammingWindow',
  'HannWindow',
  'If',
  'ImageDecoder',
  'Loop',
  'MaxUnpool',
  'MelWeightMatrix',
  'OneHot',
  'Pad',
  'Range',
  'Resize',
  // With sampling_ratio 0 it samples as often as a region is large.
  'RoiAlign',
  'STFT',
  'Scan',
  'SequenceMap',
  'Tile',
  'Upsample',
]);

/** Domains of which the operators are known not to be open-ended, but for those above. */
const DOMAINS = new Set(['', 'ai.onnx.ml']);

/**
 * Whether what a run computes is bounded by the sizes of its inputs, whatever their values: small inputs then never take
 * long, and never need much memory.
 */
export function hasBoundedRuns({ operators }: Pick<ModelDescription, 'operators'>): boolean {
  return operators.every((operator) => {
    const [name, domain = ''] = operator.split('::').reverse();
    return DOMAINS.has(domain) && !OPEN_ENDED.has(name ?? '');
  });
}
