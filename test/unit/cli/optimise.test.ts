import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../cli/command-line.ts';
import { transformer } from '../../support/models/transformer.ts';

vi.setConfig({ testTimeout: 60_000 });

const TOKENS = { inputs: [{ name: 'tokens', datatype: 'INT64', shape: [1, 3], data: [7, 0, 499] }] };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'optimise-cli-'));
  await writeFile(join(directory, 'encoder.onnx'), transformer());
});
afterEach(() => rm(directory, { recursive: true }));

async function strata(...args: string[]) {
  const written = { out: '', err: '' };
  const into = (stream: 'out' | 'err') =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[stream] += chunk.toString();
        done();
      },
    });
  const code = await runCommandLine(args, {
    stdin: Readable.from([JSON.stringify(TOKENS)]),
    stdout: into('out'),
    stderr: into('err'),
    environment: {},
    directory,
  });
  return { code, ...written };
}

describe('strata optimise', () => {
  it('writes a folder beside the user, and tells steps and gain', async () => {
    const { code, out } = await strata('optimise', 'encoder.onnx', '--repetitions', '1');
    expect(code).toBe(0);
    expect(await readdir(join(directory, 'encoder-optimised'))).toEqual(['model.onnx', 'model.onnx.data']);
    expect(out).toMatch(/optimise-graph: done, the same results on 4 inputs/);
    expect(out).toMatch(/^peak memory +[\d.]+ MB +[\d.]+ MB$/m);
    expect(out).toMatch(/medians of fresh processes with one thread, on tokens \[\d+, \d+\]/);
  });

  it('prints the report as JSON, and compares on the inputs it is given', async () => {
    const args = ['optimise', 'encoder.onnx', '-o', 'out', '--repetitions', '0', '--json'];
    const { code, out } = await strata(...args, '--input', '-', '--input', JSON.stringify(TOKENS));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      directory: join(directory, 'out'),
      samples: 2,
      steps: [
        { step: 'optimise-graph', applied: true },
        { step: 'separate-weights', applied: true },
      ],
      files: [{ name: 'model.onnx' }, { name: 'model.onnx.data' }],
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('keeps the weights in the model with --one-file', async () => {
    await strata('optimise', 'encoder.onnx', '-o', 'out', '--repetitions', '0', '--one-file');
    expect(await readdir(join(directory, 'out'))).toEqual(['model.onnx']);
  });

  it.each([
    [['optimise', 'gone.onnx'], 1, 'FILE_NOT_FOUND'],
    [['optimise', 'encoder.onnx', '--input', '{"words": 1}'], 1, 'INVALID_ROWS'],
    [['optimise', 'encoder.onnx', '--repetitions', 'many'], 2, 'USAGE'],
    [['quantise', 'encoder.onnx', '--min-similarity', '2'], 2, 'USAGE'],
    [['quantise', 'encoder.onnx', '--max-difference', '1e-9'], 1, 'QUANTISED_TOO_FAR'],
  ])('%j ends with code %i', async (args, code, error) => {
    const result = await strata(...args, '--json');
    expect(result).toMatchObject({ code, out: '' });
    expect(JSON.parse(result.err)).toMatchObject({ error_code: error });
  });
});

describe('strata quantise', () => {
  it('writes one file beside the user, and tells what it changed', async () => {
    const { code, out } = await strata(
      'quantise',
      'encoder.onnx',
      '--repetitions',
      '0',
      '--keep',
      'embedding',
    );
    expect(code).toBe(0);
    expect(await readdir(directory)).toContain('encoder.int8.onnx');
    expect(out).toMatch(
      /^12 weights quantised, results differ by at most [\d.]+ \(cosine 0\.\d+\) on 4 inputs$/m,
    );
    expect(out).toContain('kept embedding of Gather "Gather_x0": it is to be kept');
  });

  it('prints the report as JSON', async () => {
    const args = ['quantise', 'encoder.onnx', '-o', 'small.onnx', '--reduced-range', '--repetitions', '0'];
    const { out } = await strata(...args, '--input', '-', '--json');
    expect(JSON.parse(out)).toMatchObject({
      output: join(directory, 'small.onnx'),
      samples: 1,
      kept: [],
      difference: { equalShare: 1 },
      file: { name: 'small.onnx' },
    });
  });
});
