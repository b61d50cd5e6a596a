import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeModel } from '../../../../core/onnx/describe-model.ts';
import { TensorProto_DataType as Type } from '../../../../core/onnx/schema/onnx_pb.ts';
import { parseDocument } from '../../../../core/protocol/json-document.ts';
import type { RecordOutcome } from '../../../../core/protocol/record-server.ts';
import { model, node, value } from '../../../support/models/graph-building.ts';
import { artifactOf, MemoryArtifacts } from '../../../support/models/model-versions.ts';
import { recordOf, recordServerOf } from '../../../support/models/record-server.ts';

const row = (seed: number) => ({ a: [seed, 1, 2, 3], b: [seed / 2, 1, 1, 1] });

function outputsOf(outcome: RecordOutcome | undefined) {
  if (!outcome || !('answer' in outcome)) throw new Error('there is no answer');
  const { outputs } = JSON.parse(outcome.answer) as { outputs: { name: string; data: number[] }[] };
  return Object.fromEntries(outputs.map(({ name, data }) => [name, data]));
}

const codes = (outcomes: readonly RecordOutcome[]) =>
  outcomes.map((outcome) => ('error' in outcome ? (outcome.error as { code?: string }).code : 'answered'));

describe('many records at once', () => {
  it('get the answers that they would get alone, in their order', async () => {
    const seeds = fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 40 });
    const merged = recordServerOf('add_sub');
    const single = recordServerOf('add_sub');
    await fc.assert(
      fc.asyncProperty(seeds, async (asked) => {
        const together = await merged.server.answer(asked.map((seed) => recordOf(row(seed))));
        const alone: RecordOutcome[] = [];
        for (const seed of asked) alone.push(...(await single.server.answer([recordOf(row(seed))])));
        expect(together).toEqual(alone);
      }),
      { numRuns: 30 },
    );
  });

  it('are run as one, once it is known that the rows of the model do not depend on each other', async () => {
    const { server, runs } = recordServerOf('add_sub');
    const records = Array.from({ length: 512 }, (_, seed) => recordOf(row(seed)));
    await server.answer(records);
    runs.length = 0;
    const outcomes = await server.answer(records);
    expect(runs).toEqual([512]);
    expect(outputsOf(outcomes[100])).toEqual({ sum: [150, 2, 3, 4], difference: [50, 0, 1, 2] });
  });

  it('are run in parts where they would not fit into memory together', async () => {
    const { server, runs } = recordServerOf('add_sub', { maxElements: 64 });
    const records = Array.from({ length: 100 }, (_, seed) => recordOf(row(seed)));
    await server.answer(records);
    runs.length = 0;
    await server.answer(records);
    expect(Math.max(...runs)).toBe(16);
    expect(runs.reduce((sum, rows) => sum + rows, 0)).toBe(100);
  });

  it('fail one by one, each with its reason', async () => {
    const { server } = recordServerOf('add_sub');
    const outcomes = await server.answer([
      recordOf(row(1)),
      recordOf({ a: [1, 2, 3, 4] }),
      recordOf({ ...row(1), c: 1 }),
      recordOf({ a: [1, 2, 3], b: [1, 2, 3] }),
      recordOf('text'),
      () => parseDocument(Buffer.from('{"a":')),
      recordOf({ a: [1, 2, 3, 'x'], b: [1, 2, 3, 4] }),
      recordOf(row(2)),
    ]);
    expect(codes(outcomes)).toEqual([
      'answered',
      'MISSING_INPUT',
      'UNKNOWN_INPUT',
      'SHAPE_MISMATCH',
      'INVALID_REQUEST',
      'MALFORMED_JSON',
      'INVALID_ELEMENT',
      'answered',
    ]);
  });

  it('fail together when the model cannot be had', async () => {
    const { server } = recordServerOf('add_sub', { model: 'gone' });
    await expect(server.answer([recordOf(row(1))])).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });
});

describe('a record', () => {
  it('may be a request of the protocol, with an id, several rows and a choice of outputs', async () => {
    const { server } = recordServerOf('add_sub');
    const tensor = (name: string) => ({
      name,
      datatype: 'FP32',
      shape: [2, 4],
      data: [1, 2, 3, 4, 5, 6, 7, 8],
    });
    const request = { id: 'mine', inputs: [tensor('a'), tensor('b')], outputs: [{ name: 'sum' }] };
    const [outcome] = await server.answer([recordOf(request)]);
    expect(outputsOf(outcome)).toEqual({ sum: [2, 4, 6, 8, 10, 12, 14, 16] });
    expect(outcome).toMatchObject({ answer: expect.stringContaining('"id":"mine"') });
  });

  it('keeps the digits of large integers', async () => {
    const { server } = recordServerOf('identity_int64');
    const [outcome] = await server.answer([
      () => parseDocument(Buffer.from('{"x":[9223372036854775807,-9223372036854775808]}')),
    ]);
    const text = '"data":[9223372036854775807,-9223372036854775808]';
    expect(outcome).toMatchObject({ answer: expect.stringContaining(text) });
  });
});

describe('a record that needs more memory than there is', () => {
  /** Repeats each row as often as it says: one row that is too large spoils the run that it is merged into. */
  const bytes = model({
    name: 'tiles',
    node: [
      node('ReduceSum', ['n'], 'most'),
      node('Reshape', ['most', 'one'], 'shape'),
      node('ConstantOfShape', ['shape'], 'filled'),
      node('ReduceSum', ['filled'], 'total'),
      node('Mul', ['zero', 'total'], 'nothing'),
      node('Cast', ['n'], 'f', [{ name: 'to', type: 2, i: 1n }]),
      node('Add', ['f', 'nothing'], 'y'),
    ],
    initializer: [
      { name: 'one', dims: [1n], dataType: Type.INT64, int64Data: [1n] },
      { name: 'zero', dims: [1n], dataType: Type.FLOAT, floatData: [0] },
    ],
    input: [value('n', Type.INT64, ['rows', 1])],
    output: [value('y', Type.FLOAT, ['rows', 1])],
  });

  const version = {
    model: 'tiles',
    version: '1',
    status: 'READY',
    artifact: artifactOf(bytes),
    description: describeModel(bytes),
    createdAt: '',
  } as const;
  const artifacts = new MemoryArtifacts().put(version.artifact, bytes);
  const numbers = (...all: number[]) => all.map((n) => recordOf({ n }));

  it('fails alone', async () => {
    const { server } = recordServerOf('tiles', {}, version, artifacts);
    const outcomes = await server.answer(numbers(1, 2, 2 ** 50, 3, 4, 5));
    expect(codes(outcomes)).toEqual([
      'answered',
      'answered',
      'OUT_OF_MEMORY',
      'answered',
      'answered',
      'answered',
    ]);
  });

  it('fails alone among rows that are read and run together, too', async () => {
    const { server } = recordServerOf('tiles', {}, version, artifacts);
    await server.answer(numbers(...Array.from({ length: 600 }, (_, position) => position % 5)));
    const outcomes = await server.answer(
      numbers(...Array.from({ length: 100 }, (_, position) => (position === 70 ? 2 ** 50 : position))),
    );
    expect(codes(outcomes).filter((code) => code !== 'answered')).toEqual(['OUT_OF_MEMORY']);
    expect(codes(outcomes)[70]).toBe('OUT_OF_MEMORY');
    expect(outputsOf(outcomes[71])).toEqual({ y: [71] });
  });
});
