import { Command } from 'commander';
import type { TensorSpec } from '../core/tensor/tensor.ts';
import { callApi, modelPath } from './api.ts';
import { parseExactly } from './exact-json.ts';
import { ABOUT_INPUT, readInput, requestOf } from './prediction-input.ts';
import { type JsonOutput, predictionTable } from './prediction-table.ts';
import { findTarget, type TargetOptions, withTargetOptions } from './target.ts';
import type { Terminal } from './terminal.ts';

interface InferOptions extends TargetOptions {
  readonly input: string;
  readonly version?: string;
}

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

      const body = await requestOf(
        input,
        async () => (JSON.parse(await call('')) as { inputs: TensorSpec[] }).inputs,
      );
      const answer = await call('/infer', body);
      terminal.stdout.write(`${options.json ? answer : forPeople(answer)}\n`);
    });
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
