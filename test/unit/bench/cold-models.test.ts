import { describe, expect, it } from 'vitest';
import { mobilenet } from '../../../bench/cold-models/mobilenet.ts';
import {
  type ColdModel,
  MOBILENET,
  PERCEPTRON,
  RESNET,
  TRANSFORMER,
  VISION_TRANSFORMER,
} from '../../../bench/cold-models/models.ts';
import { loadRuntime } from '../../../core/engine/load-runtime.ts';
import { toRuntime } from '../../../core/engine/runtime-tensor.ts';
import { sessionOptions } from '../../../core/engine/session-options.ts';
import { parseOnnx } from '../../../core/onnx/onnx-file.ts';

const MODELS = [PERCEPTRON, MOBILENET, VISION_TRANSFORMER, TRANSFORMER, RESNET];

async function numbersOf({ write, inputs }: ColdModel) {
  const runtime = await loadRuntime();
  const session = await runtime.InferenceSession.create(write(), sessionOptions({ threads: 1 }));
  const feeds = Object.fromEntries(
    [...inputs].map(([name, tensor]) => [name, toRuntime(runtime, name, tensor)]),
  );
  const [output] = Object.values(await session.run(feeds));
  await session.release();
  return [...((output?.data ?? []) as Float32Array)];
}

describe.each(MODELS)('$name', (model) => {
  it('has the size that its name says', () => {
    const said = Number(/([\d.]+) MB$/.exec(model.name)?.[1]);
    expect(model.write().length / 1e6 / said).toBeCloseTo(1, 1);
  });

  it('takes its inputs, and its numbers neither vanish nor explode', async () => {
    const largest = Math.max(...(await numbersOf(model)).map(Math.abs));
    expect(largest).toBeGreaterThan(0.01);
    expect(largest).toBeLessThan(1000);
  }, 20_000);
});

describe('the models of the benchmark', () => {
  it('are the same each time', () => {
    expect(Buffer.compare(mobilenet(), mobilenet())).toBe(0);
  });

  it('leave to the optimiser what exporters leave to it', () => {
    const types = (bytes: Uint8Array) => new Set(parseOnnx(bytes).graph.node.map(({ opType }) => opType));
    expect(types(mobilenet())).toContain('BatchNormalization');
    expect(types(TRANSFORMER.write())).not.toContain('LayerNormalization');
  });
});
