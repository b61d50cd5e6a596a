import { rowsOfOutput } from '../engine/merge.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { toJson } from '../tensor/to-json.ts';
import { frameText, headText, type ResponseHead, tensorFor } from './inference-response.ts';
import type { OutputChoice } from './requested-outputs.ts';

type Outputs = ReadonlyMap<string, Tensor>;

/**
 * The answer to one record: the JSON of an answer to an inference, all outputs in it.
 *
 * @param outputs tensors by output name
 * @throws InvalidInputError `CLASSIFICATION_NOT_POSSIBLE`
 */
export function encodeRecord(head: ResponseHead, choices: readonly OutputChoice[], outputs: Outputs): string {
  const parts = choices.map((choice) => {
    const tensor = tensorFor(choice, outputs);
    return `${frameText(choice.name, tensor)},"data":${toJson(tensor)}}`;
  });
  return `${headText(head)},"outputs":[${parts.join(',')}]}`;
}

/**
 * The same for many rows that were run as one, without a tensor for each of them.
 *
 * @param predictionIds of the rows, in their order
 * @param names of the outputs to tell
 * @param outputs by name, the rows behind one another
 * @throws UnsplittableError when an output has another number of rows
 */
export function encodeRows(
  version: ResponseHead['version'],
  predictionIds: readonly string[],
  names: readonly string[],
  outputs: Outputs,
): string[] {
  const writers = names.map((name) => rowWriter(name, tensorFor({ name }, outputs), predictionIds.length));
  return predictionIds.map((predictionId, row) => {
    const parts = writers.map((write) => write(row));
    return `${headText({ version, id: undefined, predictionId })},"outputs":[${parts.join(',')}]}`;
  });
}

function rowWriter(name: string, tensor: Tensor, rows: number): (row: number) => string {
  const take = rowsOfOutput(name, tensor, rows);
  // The same in all rows but for the data.
  const frame = `${frameText(name, take(0, 1))},"data":`;
  return (row) => `${frame}${toJson(take(row, 1))}}`;
}
