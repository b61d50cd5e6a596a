import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { ModelProtoSchema } from '../../../core/onnx/schema/onnx_pb.ts';

/** The runtime computes in single precision, scikit-learn in double. */
const TOLERANCE = 1e-6;
const MISSING_VALUES_FROM_SOURCE = 11;

interface Input {
  readonly name: string;
  readonly datatype: 'FP32' | 'BYTES';
  readonly shape: readonly number[];
  readonly data: readonly (number | string | null)[];
}

const example = new URL('../../../examples/penguins/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, example), 'utf8');
const golden: {
  inputs: Input[];
  expected: { classes: string[]; label: string[]; probabilities: number[] };
} = JSON.parse(read('golden.json'));
const request: { inputs: Input[] } = JSON.parse(read('request.json'));

const numbers = (input: Input) =>
  Float32Array.from(input.data, (value) => (value === null ? Number.NaN : Number(value)));

const tensor = (input: Input) =>
  input.datatype === 'BYTES'
    ? new Tensor('string', input.data.map(String), input.shape)
    : new Tensor('float32', numbers(input), input.shape);

const feeds = (inputs: readonly Input[]) =>
  Object.fromEntries(inputs.map((input) => [input.name, tensor(input)]));

describe('the penguin model', () => {
  let session: InferenceSession;

  beforeAll(async () => {
    process.env['ORT_DISABLE_TELEMETRY'] = '1';
    session = await InferenceSession.create(new Uint8Array(readFileSync(new URL('model.onnx', example))));
  });

  it('answers the golden rows as scikit-learn does', async () => {
    const { label, probabilities } = await session.run(feeds(golden.inputs));

    expect(label?.data).toEqual(golden.expected.label);
    expect(probabilities?.dims).toEqual([golden.expected.label.length, golden.expected.classes.length]);
    const errors = golden.expected.probabilities.map((p, i) => Math.abs(Number(probabilities?.data[i]) - p));
    expect(Math.max(...errors)).toBeLessThan(TOLERANCE);
  });

  it('names its operator sets in order, which a converter in Python does not of itself', () => {
    const model = fromBinary(ModelProtoSchema, readFileSync(new URL('model.onnx', example)));
    expect(model.opsetImport.map(({ domain }) => domain)).toEqual(['', 'ai.onnx.ml']);
  });

  it('has probabilities in the order of the classes that the golden rows name', async () => {
    const { label, probabilities } = await session.run(feeds(golden.inputs));

    const width = golden.expected.classes.length;
    const likeliest = golden.expected.label.map((_, row) => {
      const scores = Array.from(probabilities?.data.slice(row * width, (row + 1) * width) as Float32Array);
      return golden.expected.classes[scores.indexOf(Math.max(...scores))];
    });
    expect(likeliest).toEqual(label?.data);
  });

  it('treats an island that it does not know like a missing one', async () => {
    const onIsland = (name: string) =>
      session.run(
        feeds(golden.inputs.map((i) => (i.name === 'island' ? { ...i, data: i.data.map(() => name) } : i))),
      );

    expect((await onIsland('Atlantis'))['probabilities']?.data).toEqual(
      (await onIsland(''))['probabilities']?.data,
    );
    expect((await onIsland('Dream'))['probabilities']?.data).not.toEqual(
      (await onIsland(''))['probabilities']?.data,
    );
  });

  it('answers the request of the README as the README says', async () => {
    const { label } = await session.run(feeds(request.inputs));

    expect(read('README.md')).toContain(
      `The first penguin is an ${label?.data[0]}, the second a ${label?.data[1]}.`,
    );
  });
});

describe('the golden rows', () => {
  const table = read('penguins.csv')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const columns = table[0] as string[];

  it('are rows of the data set, missing values included', () => {
    const names = golden.inputs.map(({ name }) => name);
    const known = new Set(
      table.slice(1).map((row) =>
        names
          .map((name) => {
            const cell = row[columns.indexOf(name)];
            return cell === 'NA' ? '' : cell;
          })
          .join(),
      ),
    );

    for (let row = 0; row < golden.expected.label.length; row++) {
      expect(known).toContain(golden.inputs.map(({ data }) => data[row] ?? '').join());
    }
  });

  it('hold every penguin with a missing value', () => {
    const incomplete = golden.expected.label.filter((_, row) =>
      golden.inputs.some(({ data }) => data[row] === null || data[row] === ''),
    );

    expect(table.filter((row) => row.includes('NA'))).toHaveLength(MISSING_VALUES_FROM_SOURCE);
    expect(incomplete).toHaveLength(MISSING_VALUES_FROM_SOURCE);
  });
});
