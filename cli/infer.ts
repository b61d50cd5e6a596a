import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { InvalidInputError } from '../core/errors.ts';
import type { TensorSpec } from '../core/tensor/tensor.ts';
import { callApi, modelPath } from './api.ts';
import { parseExactly, stringifyExactly } from './exact-json.ts';
import { type JsonOutput, predictionTable } from './prediction-table.ts';
import { rowsToInputs } from './rows-to-inputs.ts';
import { findTarget, type TargetOptions, withTargetOptions } from './target.ts';
import type { Terminal } from './terminal.ts';

interface InferOptions extends TargetOptions {
  readonly input: string;
  readonly version?: string;
}

const ABOUT_INPUT = `
The input is JSON, either
  a request of the Open Inference Protocol   {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
  or rows by input name                      [{"age": 41, "city": "Oslo"}, {"age": 27, "city": "Rome"}]`;

export function inferCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('infer'))
    .description('ask a model for predictions')
    .argument('<model>', 'name of the model')
    .requiredOption(
      '--input <json|file|->',
      'the input itself, a file that holds it, or - for standard input',
    )
    .option('--version <version>', 'version number or alias (default: the champion)')
    .addHelpText('after', ABOUT_INPUT)
    .action(async (model: string, options: InferOptions) => {
      const input = await readInput(options.input, terminal);
      const target = await findTarget(options, terminal);
      const token = await target.token(['infer']);
      const path = modelPath(model, options.version);
      const call = (suffix: string, body?: string) =>
        callApi({ endpoint: target.endpoint, token, path: `${path}${suffix}`, body });

      const parsed = parseInput(input);
      const body = isRequest(parsed) ? input : requestOf(parsed, await call(''));
      const answer = await call('/infer', body);
      terminal.stdout.write(`${options.json ? answer : forPeople(answer)}\n`);
    });
}

/** A JSON text starts with a bracket; a path hardly ever does. */
async function readInput(input: string, { stdin, directory }: Terminal): Promise<string> {
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

function requestOf(rows: unknown, metadata: string): string {
  const { inputs } = JSON.parse(metadata) as { inputs: TensorSpec[] };
  return stringifyExactly({ inputs: rowsToInputs(inputs, Array.isArray(rows) ? rows : [rows]) });
}

function forPeople(answer: string): string {
  const { model_name, model_version, outputs } = parseExactly(answer) as {
    model_name: string;
    model_version?: string;
    outputs: JsonOutput[];
  };
  const version = model_version === undefined ? '' : ` version ${model_version}`;
  return `${model_name}${version}\n\n${predictionTable(outputs)}`;
}
