import { resolve } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { FUNCTION_ENVIRONMENT } from '../../../bench/child.ts';
import { CONTEXT, demoHandler, demoPorts, demoVersion } from '../../../bench/inference/demo.ts';
import { type Encoding, inferenceEvent, sampleInputs } from '../../../bench/inference/requests.ts';
import { inferenceSubjects } from '../../../bench/inference/subjects.ts';
import golden from '../../../examples/penguins/golden.json' with { type: 'json' };
import { printed } from '../../support/printed.ts';

const FILE = resolve(import.meta.dirname, '../../../examples/penguins/model.onnx');

beforeAll(() => {
  for (const [name, value] of Object.entries(FUNCTION_ENVIRONMENT)) vi.stubEnv(name, value);
  return () => vi.unstubAllEnvs();
});

/** The labels that the measured function gives. */
async function labels(rows: number, encoding: Encoding): Promise<string> {
  const version = await demoVersion(FILE, 'penguins');
  const handle = demoHandler(demoPorts(version, FILE));
  const { body, isBase64Encoded } = await handle(
    inferenceEvent('penguins', sampleInputs(rows), encoding),
    CONTEXT,
  );
  return Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8').toString('latin1');
}

describe('what the benchmark of inference measures', () => {
  it.each(['json', 'binary'] as const)('is answered as scikit-learn would, asked in %s', async (encoding) => {
    const complete = golden.expected.label.filter((_, row) =>
      golden.inputs.every(({ data }) => data[row] !== null),
    );
    let answer = '';
    await printed(async () => {
      answer = await labels(complete.length, encoding);
    });
    const found = [...answer.matchAll(/Adelie|Chinstrap|Gentoo/g)].map(([label]) => label);
    expect(found.slice(0, complete.length)).toEqual(complete);
  });

  it('is one row and many, in JSON and in bytes, and prints what functions print', async () => {
    let names: string[] = [];
    const { log, metrics } = await printed(async () => {
      const subjects = await inferenceSubjects(FILE);
      names = subjects.map(({ name }) => name);
      await Promise.all(subjects.map(({ bare }) => bare()));
    });
    expect(names).toEqual([
      'penguins, json, 1 row',
      'penguins, json, 32 rows',
      'penguins, binary, 1 row',
      'penguins, binary, 32 rows',
      'ten-features, json, 1 row',
      'ten-features, binary, 1 row',
      'wide-layers, binary, 64 rows',
    ]);
    expect(log.filter(({ message }) => message === 'prediction')).toHaveLength(names.length);
    expect(metrics).not.toEqual([]);
  });
});
