import type { TensorSpec } from '../tensor/tensor.ts';

/** What an ONNX file says of itself, read once at registration. */
export interface ModelDescription {
  readonly irVersion: number;
  /** Version of each operator set that is imported, by domain; the default domain is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Producer name and version as written by the exporter, for example `skl2onnx 1.20.0`; empty when unset. */
  readonly producer: string;
  /** Distinct operators, `domain::OpType` outside the default domain, sorted. */
  readonly operators: readonly string[];
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}
