import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Call, Message, Reply } from '../../../conformance/check.ts';
import { httpCall } from '../../../conformance/http-call.ts';
import {
  binaryMessage,
  float32,
  type Inference,
  jsonMessage,
  readInference,
} from '../../../conformance/inference.ts';
import { token } from '../../support/deployment.ts';
import { inferPath } from './infer-path.ts';
import { registerModels } from './models.ts';

/** The runtime computes in single precision, scikit-learn in double. */
const TOLERANCE = 1e-6;
const MODEL = 'penguins_golden';
const deployment = inject('deployment');

interface Input {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | string | null)[];
}

const example = new URL('../../../examples/penguins/', import.meta.url);
const golden: {
  readonly inputs: readonly Input[];
  readonly expected: { readonly label: readonly string[]; readonly probabilities: readonly number[] };
} = JSON.parse(readFileSync(new URL('golden.json', example), 'utf8'));
const { inputs, expected } = golden;

const text = (value: string) => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const wire = ({ datatype, data }: Input): Buffer =>
  datatype === 'BYTES'
    ? Buffer.concat(data.map((value) => text(String(value))))
    : float32(...data.map((value) => (value === null ? Number.NaN : Number(value))));

/** The same rows as bytes, and a request for bytes. */
function asBytes(): Message {
  const tensors = inputs.map(wire);
  const described = inputs.map(({ name, datatype, shape }, i) => ({
    name,
    datatype,
    shape,
    parameters: { binary_data_size: tensors[i]?.length },
  }));
  return binaryMessage({ inputs: described, parameters: { binary_data_output: true } }, ...tensors);
}

const output = (answer: Inference, name: string) => answer.outputs.find((one) => one.name === name);

function largestError(probabilities: readonly unknown[]): number {
  expect(probabilities).toHaveLength(expected.probabilities.length);
  return Math.max(...expected.probabilities.map((p, i) => Math.abs(p - Number(probabilities[i]))));
}

describe('the penguin model, deployed, answers the golden rows as scikit-learn does', () => {
  let call: Call;
  const infer = (message: Message): Promise<Reply> => call('POST', inferPath(MODEL), message);

  beforeAll(async () => {
    const path = fileURLToPath(new URL('model.onnx', example));
    await registerModels(deployment, [{ model: MODEL, path, alias: 'champion' }]);
    call = httpCall(deployment.endpoint, { authorization: `Bearer ${await token(['infer'])}` });
  }, 60_000);

  it('as JSON, missing values as null', async () => {
    const answer = readInference(await infer(jsonMessage({ inputs })));

    expect(output(answer, 'label')).toMatchObject({ datatype: 'BYTES', shape: [20], data: expected.label });
    expect(output(answer, 'probabilities')).toMatchObject({ datatype: 'FP32', shape: [20, 3] });
    expect(largestError(output(answer, 'probabilities')?.data ?? [])).toBeLessThan(TOLERANCE);
  });

  it('as bytes, missing values as NaN', async () => {
    const answer = readInference(await infer(asBytes()));

    expect(output(answer, 'label')?.raw).toEqual(Buffer.concat(expected.label.map(text)));
    const raw = output(answer, 'probabilities')?.raw ?? Buffer.alloc(0);
    const probabilities = Array.from({ length: raw.length / 4 }, (_, i) => raw.readFloatLE(4 * i));
    expect(largestError(probabilities)).toBeLessThan(TOLERANCE);
  });

  it('one by one and all at once', async () => {
    const labels = await Promise.all(
      expected.label.map(async (_, row) => {
        const single = inputs.map((input) => ({ ...input, shape: [1, 1], data: [input.data[row]] }));
        const outputs = [{ name: 'label' }];
        return readInference(await infer(jsonMessage({ inputs: single, outputs }))).outputs[0]?.data?.[0];
      }),
    );

    expect(labels).toEqual(expected.label);
  });

  it('and says what it takes', async () => {
    const reply = await call('GET', `/v2/models/${MODEL}`);

    expect(JSON.parse(Buffer.from(reply.bytes).toString())).toMatchObject({
      inputs: inputs.map(({ name, datatype }) => ({ name, datatype, shape: [-1, 1] })),
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [-1] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
      ],
    });
  });
});
