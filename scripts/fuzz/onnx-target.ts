import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readModelOnDisk, takeWeightsIn } from '../../core/engine/describe-model-file.ts';
import { StrataError } from '../../core/errors.ts';
import { describeModel } from '../../core/onnx/describe-model.ts';
import { quantiseGraph } from '../../core/onnx/quantise-graph.ts';
import { writeOnnx } from '../../core/onnx/write-onnx.ts';
import { mutatedModel } from '../../test/support/fuzz/onnx-files.ts';
import { OpeningProcess } from './opening-process.ts';
import { checkOf, type FuzzTarget } from './target.ts';

/** Of the files that are described, how many are opened as well: one in so many. */
const OPENED_OF = 10;

/** Broken model files: read, described, quantised and written again, and opened with onnxruntime. */
export const onnxTarget: FuzzTarget = {
  name: 'onnx files',
  share: 0.13,
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'fuzz-onnx-'));
    await writeFile(
      join(folder, 'external_data.bin'),
      readFileSync(join(import.meta.dirname, '../../test/support/models/external_data.bin')),
    );
    const path = join(folder, 'model.onnx');
    const opening = new OpeningProcess();
    const findings: string[] = [];
    let described = 0;
    const property = fc.asyncProperty(mutatedModel, async (bytes) => {
      await writeFile(path, bytes);
      await refusedOr(async () => void describeModel(bytes));
      const isRead = await refusedOr(async () => {
        const onDisk = await readModelOnDisk(path);
        await takeWeightsIn(onDisk);
        writeOnnx(onDisk.model);
      });
      await refusedOr(async () => {
        const onDisk = await readModelOnDisk(path);
        await takeWeightsIn(onDisk);
        quantiseGraph(onDisk.model, { bits: 8 });
        writeOnnx(onDisk.model);
      });
      if (!isRead || described++ % OPENED_OF > 0) return;
      const result = await opening.open(path);
      if (result.startsWith('ended')) findings.push(`onnxruntime ${result}: ${bytes.toString('base64')}`);
      else if (!/^(?:opened|MODEL_LOAD_FAILED)$/.test(result)) throw new Error(result);
    });
    return {
      checks: [checkOf(property)],
      findings: () => findings,
      close: async () => {
        opening.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

/** @returns false when it was refused in words */
async function refusedOr(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof StrataError && error.statusCode < 500) return false;
    throw error;
  }
}
