import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { InvalidInputError } from '../core/errors.ts';
import type { TensorSpec } from '../core/tensor/tensor.ts';
import { parseExactly, stringifyExactly } from './exact-json.ts';
import { rowsToInputs } from './rows-to-inputs.ts';
import type { Terminal } from './terminal.ts';

export const ABOUT_INPUT = `
The input is JSON, either
  a request of the Open Inference Protocol   {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
  or rows by input name                      [{"age": 41, "city": "Oslo"}, {"age": 27, "city": "Rome"}]`;

/**
 * The input itself, from a file, or from standard input (`-`). A JSON text starts with a bracket; a path hardly ever does.
 * @throws InvalidInputError `INPUT_NOT_FOUND`
 */
export async function readInput(input: string, { stdin, directory }: Terminal): Promise<string> {
  if (input === '-') {
    return text(stdin);
  }
  if (/^\s*[[{]/.test(input)) {
    return input;
  }
  return readFile(resolve(directory, input), 'utf8').catch((cause: unknown) => {
    throw new InvalidInputError('INPUT_NOT_FOUND', `The input ${input} is neither JSON nor a file.`, {
      cause,
    });
  });
}

/**
 * An inference request as JSON: the input as it is when it is one, or made of rows.
 * @param inputs of the model; asked for only when the input is rows
 * @throws InvalidInputError `INVALID_JSON`, `INVALID_ROWS`
 */
export async function requestOf(
  input: string,
  inputs: () => readonly TensorSpec[] | Promise<readonly TensorSpec[]>,
): Promise<string> {
  const parsed = parseInput(input);
  if (isRequest(parsed)) {
    return input;
  }
  const rows = Array.isArray(parsed) ? parsed : [parsed];
  return stringifyExactly({ inputs: rowsToInputs(await inputs(), rows) });
}

function parseInput(input: string): unknown {
  try {
    return parseExactly(input);
  } catch (cause) {
    throw new InvalidInputError('INVALID_JSON', `The input is not JSON: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/** Rows have values by name; a request has a list of named tensors. */
function isRequest(input: unknown): boolean {
  const { inputs } = Object(input) as { inputs?: unknown };
  return (
    Array.isArray(inputs) &&
    inputs.every((each) => typeof each === 'object' && each !== null && 'name' in each)
  );
}
