import { basename, extname, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { describeModelFile } from '../core/engine/describe-model-file.ts';
import { type OptimiseReport, optimiseModel, type StepReport } from '../core/engine/optimise-model.ts';
import { collect, gainTable, givenInputs, inWords } from './compared-models.ts';
import { ABOUT_INPUT } from './prediction-input.ts';
import { runSteps } from './steps.ts';
import { print, type Terminal } from './terminal.ts';

interface OptimiseOptions {
  readonly output?: string;
  readonly input: string[];
  readonly oneFile?: boolean;
  readonly repetitions: number;
  readonly json?: boolean;
}

export function optimiseCommand(terminal: Terminal): Command {
  return new Command('optimise')
    .description('make a model open faster and take less memory, with the same results')
    .argument('<file>', 'the ONNX file; files with its weights beside it')
    .option('-o, --output <folder>', 'folder for the result (default: <name>-optimised)')
    .option('--input <json|file|->', 'input to compare results on; may be repeated', collect, [])
    .option('--one-file', 'keep the weights in the model, for programs that take one file')
    .option('--repetitions <number>', 'processes that measure each model; 0 measures nothing', wholeNumber, 5)
    .option('--json', 'print JSON')
    .addHelpText('after', ABOUT_INPUT)
    .action(async (file: string, options: OptimiseOptions) => {
      const path = resolve(terminal.directory, file);
      const directory = resolve(
        terminal.directory,
        options.output ?? `${basename(file, extname(file))}-optimised`,
      );
      const specs = options.input.length > 0 ? (await describeModelFile(path)).inputs : [];
      const inputs = await givenInputs(options.input, specs, terminal);
      const { oneFile, repetitions } = options;
      const { report } = await runSteps<{ report?: OptimiseReport }>(
        [
          {
            title: `optimise ${basename(file)}`,
            run: async (context, onLine) => {
              context.report = await optimiseModel(
                { path, directory, inputs, oneFile, repetitions },
                ({ step }) => onLine(step),
              );
            },
          },
        ],
        {},
        terminal,
        options.json,
      );
      print(terminal, options.json, report, forPeople(report as OptimiseReport));
    });
}

/** @throws InvalidArgumentError for anything but digits */
export function wholeNumber(value: string): number {
  if (!/^\d{1,4}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

function forPeople(report: OptimiseReport): string {
  const { directory, files, digest, size, originalSize, steps, samples, gain } = report;
  return [
    ...steps.map((step) => stepInWords(step, samples)),
    '',
    gainTable('optimised', { original: originalSize, changed: size }, gain),
    '',
    `${directory}: ${files.map(({ name }) => name).join(', ')} (sha256${files.length > 1 ? ' of all' : ''} ${digest.slice(0, 12)})`,
    ...(steps.some(({ applied }) => applied) ? [] : ['This is a copy of the original.']),
  ].join('\n');
}

function stepInWords({ step, applied, reason, difference }: StepReport, samples: number): string {
  return applied && difference
    ? `${step}: done, ${inWords(difference)} on ${samples} ${samples === 1 ? 'input' : 'inputs'}`
    : `${step}: left out, ${reason}`;
}
