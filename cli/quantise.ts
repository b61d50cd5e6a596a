import { basename, extname, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { describeModelFile } from '../core/engine/describe-model-file.ts';
import { type QuantiseReport, quantiseModel } from '../core/engine/quantise-model.ts';
import { collect, gainTable, givenInputs, inWords } from './compared-models.ts';
import { wholeNumber } from './optimise.ts';
import { ABOUT_INPUT } from './prediction-input.ts';
import { runSteps } from './steps.ts';
import { print, type Terminal } from './terminal.ts';

interface QuantiseCommandOptions {
  readonly output?: string;
  readonly input: string[];
  readonly reducedRange?: boolean;
  readonly keep: string[];
  readonly minSimilarity: number;
  readonly maxDifference?: number;
  readonly repetitions: number;
  readonly json?: boolean;
}

export function quantiseCommand(terminal: Terminal): Command {
  return new Command('quantise')
    .description(
      'make a model smaller and mostly faster with 8-bit weights, at the price of small differences',
    )
    .argument('<file>', 'the ONNX file; files with its weights beside it')
    .option('-o, --output <file>', 'file for the result (default: <name>.int8.onnx)')
    .option('--input <json|file|->', 'input to compare results on; may be repeated', collect, [])
    .option('--reduced-range', '7-bit weights, for processors without VNNI instructions')
    .option('--keep <weight>', 'weight that stays as it is; may be repeated', collect, [])
    .option('--min-similarity <share>', 'least cosine and share of equal labels', share, 0.99)
    .option('--max-difference <number>', 'largest difference of a number (default: any)', positive)
    .option('--repetitions <number>', 'processes that measure each model; 0 measures nothing', wholeNumber, 5)
    .option('--json', 'print JSON')
    .addHelpText('after', ABOUT_INPUT)
    .action(async (file: string, options: QuantiseCommandOptions) => {
      const path = resolve(terminal.directory, file);
      const output = resolve(
        terminal.directory,
        options.output ?? `${basename(file, extname(file))}.int8.onnx`,
      );
      const specs = options.input.length > 0 ? (await describeModelFile(path)).inputs : [];
      const inputs = await givenInputs(options.input, specs, terminal);
      const { minSimilarity, maxDifference, repetitions, reducedRange } = options;
      const bits = reducedRange ? 7 : 8;
      const keep = new Set(options.keep);
      const { report } = await runSteps<{ report?: QuantiseReport }>(
        [
          {
            title: `quantise ${basename(file)}`,
            run: async (context, onLine) => {
              context.report = await quantiseModel(
                { path, output, inputs, bits, keep, minSimilarity, maxDifference, repetitions },
                ({ step }) => onLine(step),
              );
            },
          },
        ],
        {},
        terminal,
        options.json,
      );
      print(terminal, options.json, { output, ...report }, forPeople(output, report as QuantiseReport));
    });
}

function share(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number >= 0 && number <= 1)) {
    throw new InvalidArgumentError('It must be a number from 0 to 1.');
  }
  return number;
}

function positive(value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}

function forPeople(output: string, report: QuantiseReport): string {
  const { file, originalSize, quantised, kept, difference, samples, gain } = report;
  return [
    `${quantised.length} weights quantised, ${inWords(difference)} on ${samples} ${samples === 1 ? 'input' : 'inputs'}`,
    ...kept.map(({ weight, operator, reason }) => `kept ${weight} of ${operator}: ${reason}`),
    '',
    gainTable('quantised', { original: originalSize, changed: file.size }, gain),
    '',
    `${output} (sha256 ${file.digest.slice(0, 12)})`,
  ].join('\n');
}
