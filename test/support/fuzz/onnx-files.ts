import fc from 'fast-check';
import { modelFile } from '../models/model-file.ts';
import { transformer } from '../models/transformer.ts';
import { blind } from './mutations.ts';

/** Small models of every kind: with branches, weights inside and beside, defaults, sequences; and one to quantise. */
const MODELS = [
  ...[
    'identity_fp32',
    'add_sub',
    'branches',
    'external_data',
    'ir3',
    'optional_input',
    'sequence_output',
  ].map(modelFile),
  Buffer.from(transformer({ vocabulary: 8, width: 8, layers: 1 })),
];

/** Files that were models until something was done to them: bytes changed, cut, put in, joined with another model. */
export const mutatedModel: fc.Arbitrary<Buffer> = fc
  .record({
    model: fc.constantFrom(...MODELS),
    changes: fc.array(blind, { minLength: 1, maxLength: 3 }),
    // Protobuf merges what stands one behind the other.
    joined: fc.option(fc.constantFrom(...MODELS), { nil: undefined, freq: 8 }),
  })
  .map(({ model, changes, joined }) =>
    changes.reduce(
      (bytes, change) => change(bytes),
      joined === undefined ? model : Buffer.concat([model, joined]),
    ),
  );
