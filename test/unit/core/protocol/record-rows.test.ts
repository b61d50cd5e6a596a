import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../../../core/errors.ts';
import { describeModel } from '../../../../core/onnx/describe-model.ts';
import { TensorProto_DataType as Type } from '../../../../core/onnx/schema/onnx_pb.ts';
import { parseDocument } from '../../../../core/protocol/json-document.ts';
import { RecordRows } from '../../../../core/protocol/record-rows.ts';
import type { RecordOutcome } from '../../../../core/protocol/record-server.ts';
import type { ModelVersion } from '../../../../core/registry/model-version.ts';
import { floats, int, ints, model, node, value } from '../../../support/models/graph-building.ts';
import { artifactOf, MemoryArtifacts } from '../../../support/models/model-versions.ts';
import { recordServerOf } from '../../../support/models/record-server.ts';

/** Inputs of each sort: digits of 64 bits, text, a list of any length, and an index that the runtime refuses beyond 3. */
const bytes = model({
  name: 'mixed',
  node: [
    node('Identity', ['id'], 'same_id'),
    node('Identity', ['text'], 'same_text'),
    node('ReduceMax', ['list'], 'largest', [ints('axes', [1])]),
    node('Gather', ['table', 'index'], 'looked_up', [int('axis', 0)]),
  ],
  initializer: [floats('table', [4, 2], Float32Array.from([0.1, -0, 1, 2, 3, 4, 1e30, Infinity]))],
  input: [
    value('id', Type.INT64, ['rows', 1]),
    value('text', Type.STRING, ['rows']),
    value('list', Type.FLOAT, ['rows', 'length']),
    value('index', Type.INT64, ['rows']),
  ],
  output: [
    value('same_id', Type.INT64, ['rows', 1]),
    value('same_text', Type.STRING, ['rows']),
    value('largest', Type.FLOAT, ['rows', 1]),
    value('looked_up', Type.FLOAT, ['rows', 2]),
  ],
});

const version: ModelVersion = {
  model: 'mixed',
  version: '1',
  status: 'READY',
  artifact: artifactOf(bytes),
  description: describeModel(bytes),
  createdAt: '',
};

const store = () => new MemoryArtifacts().put(version.artifact, bytes);

const serverOf = () => recordServerOf('mixed', {}, version, store());

const record = (json: string) => () => parseDocument(Buffer.from(json));

const SOUND = '{"id":1,"text":"a","list":[1,2],"index":3}';

/** A server that has found out that rows may be run together. */
async function trustingServer() {
  const made = serverOf();
  await made.server.answer(Array.from({ length: 600 }, () => record(SOUND)));
  made.runs.length = 0;
  return made;
}

/** What the values of a row may be, as JSON: half of them sound. */
const id = fc.constantFrom(
  '1',
  '-7',
  '9007199254740993',
  '-9223372036854775808',
  '"1"',
  '1e30',
  '[5]',
  '1.5',
);
const text = fc.constantFrom('"a"', '""', '"é\\n"', '"\\u0000"', '1', 'null', '["b"]', '"\\ud800"');
const list = fc.constantFrom(
  '[1,2]',
  '[3]',
  '[null,"Infinity"]',
  '4',
  '[]',
  '[1,"x"]',
  '[[1,2]]',
  '[1,[2]]',
  '1e400',
);
const index = fc.constantFrom('0', '1', '3', '[2]', '4', '-9', 'true', '{"a":1}');

const row = fc
  .record({ id, text, list, index })
  .map((of) => `{"id":${of.id},"text":${of.text},"list":${of.list},"index":${of.index}}`);
const sound = fc
  .record({
    id: fc.maxSafeInteger(),
    text: fc
      .string({ unit: 'binary' })
      .filter((letters) => !letters.includes('\0') && letters.isWellFormed()),
    list: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 3 }),
    index: fc.integer({ min: 0, max: 3 }),
  })
  .map((of) => JSON.stringify(of));
const REQUEST = `{"id":"mine","inputs":[
  {"name":"id","datatype":"INT64","shape":[2,1],"data":[1,2]},{"name":"text","datatype":"BYTES","shape":[2],"data":["a","b"]},
  {"name":"list","datatype":"FP32","shape":[2,1],"data":[1,2]},{"name":"index","datatype":"INT64","shape":[2],"data":[0,1]}],
  "outputs":[{"name":"largest"}]}`;
const other = fc.constantFrom(
  REQUEST,
  '{"id":1,"text":"a","list":[1]}',
  '{"id":1,"text":"a","list":[1],"index":1,"more":1}',
  '{"id":1,"text":"a","list":[1],"constructor":1}',
  '{"id":1,"id":2,"text":"a","list":[1],"index":1}',
  '[1]',
  'null',
  '{',
);
const records = fc.array(
  fc.oneof({ weight: 6, arbitrary: sound }, { weight: 2, arbitrary: row }, { weight: 1, arbitrary: other }),
  { maxLength: 60 },
);

/** Errors by what is told of them. */
const told = (outcomes: readonly RecordOutcome[]) =>
  outcomes.map((outcome) => {
    if ('answer' in outcome) return outcome.answer;
    const { code, message } = outcome.error as { code?: string; message: string };
    return `${code}: ${message}`;
  });

describe('records that are answered together', () => {
  it('get what they get alone, whatever is wrong with the others', async () => {
    const together = await trustingServer();
    const alone = serverOf();
    await fc.assert(
      fc.asyncProperty(records, async (texts) => {
        const outcomes = await together.server.answer(texts.map(record));
        const expected: RecordOutcome[] = [];
        for (const each of texts) expected.push(...(await alone.server.answer([record(each)])));
        expect(told(outcomes)).toEqual(told(expected));
      }),
      { numRuns: 100 },
    );
  });
});

describe('rows of a model that is trusted', () => {
  /** As many rows as there are, in one run: what else is worth a run depends on the machine. */
  function rowsOf() {
    const { runner, runs } = recordServerOf('mixed', {}, version, store());
    const alone: string[] = [];
    const rows = new RecordRows({
      runner,
      maxElements: 1000,
      newId: () => 'prediction',
      paceOf: () => ({ maxRows: () => 1000, learn: () => {} }),
      answerAlone: async (_version, read) => {
        alone.push(JSON.stringify(read().value));
        return { error: new Error('alone') };
      },
    });
    const answer = (texts: readonly string[]) => rows.answer(version, texts.map(record));
    return { answer, runs, alone };
  }

  it('are one run for each length that the model leaves free', async () => {
    const { answer, runs, alone } = rowsOf();
    const short = '{"id":1,"text":"a","list":[1],"index":3}';
    await answer(Array.from({ length: 60 }, (_, position) => (position % 3 === 0 ? short : SOUND)));
    expect(runs).toEqual([20, 40]);
    expect(alone).toEqual([]);
  });

  it('are run in parts where an input would be larger than it may be', async () => {
    const { answer, runs } = rowsOf();
    await answer(Array.from({ length: 1200 }, () => SOUND));
    expect(runs).toEqual([500, 500, 200]);
  });

  it('are halved around the one that the runtime refuses', async () => {
    const { answer, runs, alone } = rowsOf();
    const guilty = '{"id":1,"text":"a","list":[1,2],"index":4}';
    const outcomes = await answer(
      Array.from({ length: 64 }, (_, position) => (position === 20 ? guilty : SOUND)),
    );
    expect(outcomes.flatMap((outcome, position) => ('error' in outcome ? [position] : []))).toEqual([20]);
    expect(runs).toEqual([64, 32, 16, 16, 8, 4, 4, 2, 1, 1, 2, 8, 32]);
    expect(alone).toEqual([guilty]);
  });

  it('are run without those that cannot be read', async () => {
    const { answer, runs, alone } = rowsOf();
    const guilty = '{"id":"x","text":"a","list":[1,2],"index":1}';
    await answer(Array.from({ length: 64 }, (_, position) => (position % 8 === 0 ? guilty : SOUND)));
    expect(runs).toEqual([56]);
    expect(alone).toEqual(Array.from({ length: 8 }, () => guilty));
  });

  it('are each answered alone when the model gives another number of rows', async () => {
    const one = { datatype: 'FP32', shape: [1, 1], data: new Float32Array(1) } as const;
    const alone: unknown[] = [];
    const rows = new RecordRows({
      runner: { run: async (_version, _inputs, names) => new Map(names.map((name) => [name, one])) },
      maxElements: 1000,
      newId: () => 'prediction',
      paceOf: () => ({ maxRows: () => 1000, learn: () => {} }),
      answerAlone: async (_version, read) => {
        alone.push(read().value);
        return { answer: '{}' };
      },
    });
    expect(await rows.answer(version, [record(SOUND), record(SOUND)])).toEqual([
      { answer: '{}' },
      { answer: '{}' },
    ]);
    expect(alone).toHaveLength(2);
  });

  it('all fail when the runtime cannot be asked', async () => {
    const gone = new UnavailableError('ARTIFACT_UNAVAILABLE', 'gone');
    const rows = new RecordRows({
      runner: { run: () => Promise.reject(gone) },
      maxElements: 1000,
      newId: () => 'prediction',
      paceOf: () => ({ maxRows: () => 1000, learn: () => {} }),
      answerAlone: () => Promise.reject(new Error('nobody is asked alone')),
    });
    expect(await rows.answer(version, [record(SOUND), record(SOUND)])).toEqual([
      { error: gone },
      { error: gone },
    ]);
  });
});
