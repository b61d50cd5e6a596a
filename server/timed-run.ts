import type { Engine } from '../core/engine/engine.ts';
import type { ModelVersion } from '../core/registry/model-version.ts';
import type { Tensor } from '../core/tensor/tensor.ts';

export interface TimedOutputs {
  readonly outputs: Map<string, Tensor>;
  /** How long this thread computed, in milliseconds. */
  readonly ms: number;
}

/**
 * Runs a model that is open on this thread. onnxruntime's binding puts off every run to the next check phase of the event
 * loop; what the loop does until then is not counted.
 */
export async function timedRun(
  engine: Pick<Engine, 'run'>,
  version: ModelVersion,
  inputs: ReadonlyMap<string, Tensor>,
  names: readonly string[],
): Promise<TimedOutputs> {
  let started = performance.now();
  // Callbacks of one phase come in the order in which they were asked for: this one right before the binding's own.
  setImmediate(() => {
    started = performance.now();
  });
  const outputs = await engine.run(version, inputs, names);
  return { outputs, ms: performance.now() - started };
}
