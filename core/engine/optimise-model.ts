import { join } from 'node:path';
import { StrataError } from '../errors.ts';
import type { Difference, Tolerance } from '../onnx/compare-outputs.ts';
import { optimisationFault } from '../onnx/optimise-interface.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ModelOnDisk, readModelOnDisk } from './describe-model-file.ts';
import { type Gain, measureGain } from './measure-model.ts';
import { filesOfFolder, type ModelFolder, refuseReplacing, writeModelFolder } from './model-folder.ts';
import { withModel } from './open-model.ts';
import { OPTIMISE_STEPS, type OptimiseStep } from './optimise-steps.ts';
import { compareSamples, runAgain, runSamples, type Sample } from './run-samples.ts';
import { withWorkplace } from './workplace.ts';

/** Rounding of other kernels and of fused operators; a fault of a kernel is larger by orders of magnitude. */
const TOLERANCE: Tolerance = { absolute: 1e-4, relative: 1e-3 };

/** Comparing wants the same sums on every machine; measuring, what one vCPU of a function does. */
const ONE_THREAD = { threads: 1 } as const;

export interface OptimiseInput {
  /** The ONNX file; weights may stand beside it. */
  readonly path: string;
  /** Folder for the result; made when it is missing. */
  readonly directory: string;
  /** Inputs to compare with. @default - invented ones */
  readonly inputs?: readonly ReadonlyMap<string, Tensor>[];
  /** Keep the weights in the model. @default false */
  readonly oneFile?: boolean;
  /** How far a floating-point output may be from the original's. @default 1e-4 + 1e-3 of its value */
  readonly tolerance?: Tolerance;
  /** Times that each model is opened in a fresh process; 0 measures nothing. @default 5 */
  readonly repetitions?: number;
}

/** What became of one step. */
export interface StepReport {
  readonly step: OptimiseStep['name'];
  readonly applied: boolean;
  /** Why it was left out. */
  readonly reason?: string;
  /** How far its outputs are from the original's; absent when it was not run. */
  readonly difference?: Difference;
}

export interface OptimiseReport extends ModelFolder {
  /** Bytes of the original, with the weights beside it. */
  readonly originalSize: number;
  readonly steps: readonly StepReport[];
  /** Inputs that the models were compared on. */
  readonly samples: number;
  /** Absent when nothing was applied, or nothing was to be measured. */
  readonly gain?: Gain;
}

export type OptimiseProgress = { readonly step: OptimiseStep['name'] | 'measure' | 'write' };

/**
 * Makes a model open faster and take less memory, with the same results: onnxruntime's own optimiser at the level that is
 * the same for every processor, then the weights in a file that is mapped into memory.
 *
 * Every step is opened and compared with the original. One that fails, or whose results differ, is left out, and the
 * report says why; the worst result is a copy of the original.
 *
 * @throws InvalidInputError what `readModelOnDisk` refuses, `MODEL_LOAD_FAILED`, `OUTPUT_IS_INPUT`, `OUTPUT_NOT_WRITABLE`;
 * `INFERENCE_FAILED` when the model refuses the given inputs
 * @throws StrataError `RUNTIME_MISSING`, `UNSUPPORTED_HOST`
 */
export async function optimiseModel(
  input: OptimiseInput,
  onProgress: (progress: OptimiseProgress) => void = () => {},
  steps: readonly OptimiseStep[] = OPTIMISE_STEPS,
): Promise<OptimiseReport> {
  const original = await readModelOnDisk(input.path);
  await refuseReplacing(original, filesOfFolder(original, input.directory));
  return await withWorkplace('strata-optimise-', async (workplace) => {
    const samples = await referenceSamples(original, input);
    const { reports, best } = await applySteps(
      original,
      samples,
      {
        ...input,
        workplace,
        steps: steps.filter(({ name }) => !(input.oneFile && name === 'separate-weights')),
      },
      onProgress,
    );
    const inputs = samples.repeatable.at(-1)?.inputs;
    const isMeasured = best !== original && inputs !== undefined && input.repetitions !== 0;
    if (isMeasured) onProgress({ step: 'measure' });
    const gain = isMeasured
      ? await measureGain(original.path, best.path, { inputs, repetitions: input.repetitions ?? 5 })
      : undefined;
    onProgress({ step: 'write' });
    const folder = await writeModelFolder(best, input.directory);
    return {
      ...folder,
      originalSize: original.size,
      steps: reports,
      samples: samples.repeatable.length,
      ...(gain && { gain }),
    };
  });
}

/** What the original makes of the inputs, or why that is no measure. */
interface Reference {
  readonly repeatable: readonly Sample[];
  readonly fault?: string;
}

async function referenceSamples(original: ModelOnDisk, { inputs }: OptimiseInput): Promise<Reference> {
  return await withModel(original.path, ONE_THREAD, async (model) => {
    const samples = await runSamples(model, original.model, inputs);
    if (samples.length === 0) {
      return {
        repeatable: [],
        fault: 'the model refuses every invented input, so that nothing can be compared; give an input',
      };
    }
    // In one session: random operators begin with the same seed in each.
    const { agrees, reason } = compareSamples(samples, await runAgain(model, samples), TOLERANCE);
    return agrees
      ? { repeatable: samples }
      : {
          repeatable: [],
          fault: `the original gives another result each time (${reason}), so that nothing can be compared`,
        };
  });
}

interface StepsInput extends OptimiseInput {
  readonly workplace: string;
  readonly steps: readonly OptimiseStep[];
}

async function applySteps(
  original: ModelOnDisk,
  { repeatable, fault }: Reference,
  { workplace, steps, tolerance = TOLERANCE }: StepsInput,
  onProgress: (progress: OptimiseProgress) => void,
): Promise<{ readonly reports: StepReport[]; readonly best: ModelOnDisk }> {
  const reports: StepReport[] = [];
  let best = original;
  for (const { name, apply } of steps) {
    onProgress({ step: name });
    if (fault !== undefined) {
      reports.push({ step: name, applied: false, reason: fault });
      continue;
    }
    const comparison = { samples: repeatable, tolerance };
    const attempt = await attemptStep(() => apply(best, join(workplace, name)), original, comparison);
    reports.push({ step: name, ...attempt.report });
    best = attempt.result ?? best;
  }
  return { reports, best };
}

interface Attempt {
  readonly report: Omit<StepReport, 'step'>;
  readonly result?: ModelOnDisk;
}

async function attemptStep(
  apply: () => Promise<string | undefined>,
  original: ModelOnDisk,
  { samples, tolerance }: { readonly samples: readonly Sample[]; readonly tolerance: Tolerance },
): Promise<Attempt> {
  try {
    const path = await apply();
    if (path === undefined) return { report: { applied: false, reason: 'there is nothing to do' } };
    const result = await readModelOnDisk(path);
    const fault = optimisationFault(original.description, result.description);
    if (fault !== undefined) return { report: { applied: false, reason: fault } };
    const again = await withModel(path, ONE_THREAD, (model) => runAgain(model, samples));
    const difference = compareSamples(samples, again, tolerance);
    const { agrees, reason } = difference;
    return agrees
      ? { report: { applied: true, difference }, result }
      : { report: { applied: false, difference, ...(reason !== undefined && { reason }) } };
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    return { report: { applied: false, reason: error.message } };
  }
}
