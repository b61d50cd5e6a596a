import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recurrentModel } from '../../../../bench/server/recurrent-model.ts';
import { loadRuntime } from '../../../../core/engine/load-runtime.ts';
import { describeModel } from '../../../../core/onnx/describe-model.ts';
import { parseOnnx } from '../../../../core/onnx/onnx-file.ts';

const SIZE = { steps: 5, units: 7, scores: 3 };
const bytes = recurrentModel(SIZE);

const { InferenceSession, Tensor } = await loadRuntime();
const session = await InferenceSession.create(bytes);

async function scores(rows: readonly (readonly number[])[]): Promise<number[]> {
  const readings = new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, SIZE.steps]);
  const { scores: found } = await session.run({ readings });
  return Array.from((found?.data ?? []) as Float32Array);
}

const row = fc.array(fc.float({ min: -2, max: 2, noNaN: true }), {
  minLength: SIZE.steps,
  maxLength: SIZE.steps,
});

describe('the model that takes long', () => {
  it('takes readings and gives scores, any number of rows', () => {
    expect(parseOnnx(bytes).graph.node.map(({ opType }) => opType)).toContain('LSTM');
    const { inputs, outputs } = describeModel(bytes);
    expect(inputs).toMatchObject([{ name: 'readings', datatype: 'FP32', shape: [-1, SIZE.steps] }]);
    expect(outputs).toMatchObject([{ name: 'scores', datatype: 'FP32', shape: [-1, SIZE.scores] }]);
  });

  it('gives a row the same scores alone as beside others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (rows) => {
        const together = await scores(rows);
        const alone = (await Promise.all(rows.map((each) => scores([each])))).flat();
        for (const [index, score] of together.entries())
          expect(score).toBeCloseTo(alone[index] ?? Number.NaN, 5);
      }),
      { numRuns: 30 },
    );
  });

  it('scores by all of its readings', async () => {
    const first = await scores([[1, 0, 0, 0, 0]]);
    const none = await scores([[0, 0, 0, 0, 0]]);
    expect(Math.abs((first[0] ?? 0) - (none[0] ?? 0))).toBeGreaterThan(1e-6);
  });

  it('is the same file every time', () => {
    expect(Buffer.from(recurrentModel(SIZE)).equals(Buffer.from(bytes))).toBe(true);
  });
});
