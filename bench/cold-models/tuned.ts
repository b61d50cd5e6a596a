import { openModel, runModel } from '../../core/engine/open-model.ts';
import type { Answer } from './first-answer.ts';

/** A model as the engine opens it: by its path, with the options of a function of one vCPU. */
export const answer: Answer = async (path, inputs) => {
  const model = await openModel(path, { memoryMegabytes: 1769 });
  return [...(await runModel(model, inputs)).values()].map(({ data }) => data);
};
