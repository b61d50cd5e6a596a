import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { InvalidInputError } from '../core/errors.ts';
import { parseDocument } from '../core/protocol/json-document.ts';
import type { TensorSpec } from '../core/tensor/tensor.ts';
import { stringifyExactly } from './exact-json.ts';
import { rowsToInputs } from './rows-to-inputs.ts';
import type { Terminal } from './terminal.ts';

export const ABOUT_INPUT = `
The input is JSON, either
  a request of the Open Inference Protocol   {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
  or rows by input name                      [{"age": 41, "city": "Oslo"}, {"age": 27, "city": "Rome"}]`;

/** A JSON text, and what it is called in messages. */
export interface GivenInput {
  readonly text: string;
  readonly name: string;
}

/**
 * The input itself, from a file, or from standard input (`-`). A JSON text starts with a bracket; a path hardly ever does.
 * @throws InvalidInputError `INPUT_NOT_FOUND`, `INPUT_NOT_READABLE`
 */
export async function readInput(input: string, { stdin, directory }: Terminal): Promise<GivenInput> {
  if (input === '-') {
    return { text: await text(stdin), name: 'Standard input' };
  }
  if (/^\s*[[{]/.test(input)) {
    return { text: input, name: 'The input' };
  }
  return readFile(resolve(directory, input), 'utf8').then(
    (content) => ({ text: content, name: `The file ${input}` }),
    (cause: unknown) => {
      throw notReadable(input, cause);
    },
  );
}

function notReadable(input: string, cause: unknown): InvalidInputError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new InvalidInputError(
      'INPUT_NOT_FOUND',
      `There is no file ${input}; JSON itself would begin with { or [.`,
      { cause },
    );
  }
  const why = code === 'EISDIR' ? 'is a folder; give a file' : `cannot be read (${code})`;
  return new InvalidInputError('INPUT_NOT_READABLE', `${input} ${why}.`, { cause });
}

/**
 * An inference request as JSON: the input as it is when it is one, or made of rows.
 * @param inputs of the model; asked for only when the input is rows
 * @throws InvalidInputError `INVALID_JSON`, `DUPLICATE_KEY`, `INVALID_ROWS`
 */
export async function requestOf(
  { text: json, name }: GivenInput,
  inputs: () => readonly TensorSpec[] | Promise<readonly TensorSpec[]>,
): Promise<string> {
  const { value, exact } = parseDocument(
    Buffer.from(json),
    (reason) => new InvalidInputError('INVALID_JSON', `${name} is not JSON: ${reason}.`),
  );
  if (isRequest(value)) {
    return json;
  }
  const rows = exact();
  return stringifyExactly({ inputs: rowsToInputs(await inputs(), Array.isArray(rows) ? rows : [rows]) });
}

/** Rows have values by name; a request has a list of named tensors. */
function isRequest(input: unknown): boolean {
  const { inputs } = Object(input) as { inputs?: unknown };
  return (
    Array.isArray(inputs) &&
    inputs.every((each) => typeof each === 'object' && each !== null && 'name' in each)
  );
}
