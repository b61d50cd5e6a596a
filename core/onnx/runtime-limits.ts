/**
 * What the CPU build of onnxruntime 1.30 opens, found by opening a model for each value.
 *
 * Below opset 7 the runtime opens some models and promises nothing. From its other registered domains
 * (`ai.onnx.preview`, `ai.onnx.preview.training`, `ai.onnx.training`, `com.microsoft.experimental`,
 * `org.pytorch.aten`) it has no kernels. `com.microsoft.nchwc` it does have, but a file that holds such operators was
 * optimised for one processor and gives wrong numbers on another.
 */
export const RUNTIME = 'onnxruntime 1.30';

export const IR_VERSIONS = { oldest: 3, newest: 13 } as const;

/** Oldest and newest operator set of each domain; a domain that is missing here is not supported. */
export const OPSETS: ReadonlyMap<string, { readonly oldest: number; readonly newest: number }> = new Map([
  ['ai.onnx', { oldest: 7, newest: 26 }],
  ['ai.onnx.ml', { oldest: 1, newest: 5 }],
  ['com.microsoft', { oldest: 1, newest: 1 }],
]);
