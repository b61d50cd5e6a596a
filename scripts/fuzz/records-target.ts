import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KinesisStreamRecord } from 'aws-lambda';
import fc from 'fast-check';
import { Engine } from '../../core/engine/engine.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { RecordServer } from '../../core/protocol/record-server.ts';
import { singleVersionRegistry } from '../../core/registry/single-version.ts';
import { type BatchEvent, inferBatch } from '../../lambdas/infer-batch/infer-batch.ts';
import { inferStream } from '../../lambdas/infer-stream/infer-stream.ts';
import type { StreamResult } from '../../lambdas/infer-stream/results-stream.ts';
import { blind, changedJson } from '../../test/support/fuzz/mutations.ts';
import { storeWith, versionOf } from '../../test/support/models/model-versions.ts';
import { checkOf, type FuzzTarget } from './target.ts';

const MODEL = 'add_sub';
const GOOD = '{"a":[1,2,3,4],"b":[4,3,2,1]}';
const GOOD_REQUEST =
  '{"id":"r","inputs":[{"name":"a","datatype":"FP32","shape":[1,4],"data":[1,2,3,4]},{"name":"b","datatype":"FP32","shape":[1,4],"data":[4,3,2,1]}]}';

/** Texts of records: right, changed, and anything. */
const recordText = fc.oneof(
  fc.constant(GOOD),
  fc.tuple(fc.constantFrom(GOOD, GOOD_REQUEST), changedJson).map(([text, change]) => change(text)),
  fc.json(),
);
const recordBytes = fc.oneof(
  recordText.map((text) => Buffer.from(text)),
  fc.tuple(recordText, blind).map(([text, change]) => change(Buffer.from(text))),
);

/** Records of streams and of state machines: each has a result of its own, and none spoils its neighbours'. */
export const recordsTarget: FuzzTarget = {
  name: 'records',
  share: 0.07,
  async start() {
    const directory = await mkdtemp(join(tmpdir(), 'fuzz-records-'));
    const server = new RecordServer({
      registry: singleVersionRegistry(versionOf(MODEL)),
      runner: new Engine({
        artifacts: storeWith(MODEL),
        directory,
        memoryMegabytes: 1769,
        maxBytes: 1_000_000,
      }),
      model: MODEL,
      maxElements: 1_000_000,
      newId: () => 'fuzz',
    });
    const stream = fc.asyncProperty(fc.array(recordBytes, { maxLength: 8 }), async (bodies) => {
      const put: StreamResult[] = [];
      const results = {
        put: async (entries: readonly StreamResult[]) => {
          put.push(...entries);
          return { written: entries.length, cause: undefined };
        },
      };
      const { response } = await inferStream([...bodies, Buffer.from(GOOD)].map(kinesisRecord), {
        server,
        results,
        requestId: 'fuzz',
      });
      assert.deepEqual(response.batchItemFailures, []);
      assert.equal(put.length, bodies.length + 1);
      for (const { data } of put) assertResult(JSON.parse(data).body);
      assertGood(JSON.parse(put.at(-1)?.data ?? '').body);
    });
    const batch = fc.asyncProperty(fc.array(recordText, { maxLength: 8 }), async (texts) => {
      const values = texts.flatMap((text) => {
        try {
          return [JSON.parse(text) as unknown];
        } catch {
          return [];
        }
      });
      const { results } = await inferBatch([...values, JSON.parse(GOOD)], server, 'fuzz');
      assert.equal(results.length, values.length + 1);
      for (const result of results) assertResult(result);
      assertGood(results.at(-1));
    });
    const event = fc.asyncProperty(fc.jsonValue(), async (anything) => {
      await inferBatch(anything as BatchEvent, server, 'fuzz').catch((error: unknown) => {
        if (!(error instanceof InvalidInputError)) throw error;
      });
    });
    return {
      checks: [checkOf(stream), checkOf(batch), checkOf(event)],
      close: () => rm(directory, { recursive: true, force: true }),
    };
  },
};

function kinesisRecord(body: Buffer, index: number): KinesisStreamRecord {
  const kinesis = { data: body.toString('base64'), partitionKey: 'key', sequenceNumber: String(index) };
  return { kinesis } as KinesisStreamRecord;
}

function assertResult(result: unknown): void {
  const { outputs, error, error_code: code } = result as Record<string, unknown>;
  if (Array.isArray(outputs)) return;
  assert.match(String(code), /^[A-Z][A-Z0-9_]+$/);
  assert.notEqual(code, 'INTERNAL_ERROR');
  assert.ok(typeof error === 'string' && error !== '');
}

function assertGood(result: unknown): void {
  const { outputs } = result as { outputs: { data: unknown }[] };
  assert.deepEqual(
    outputs.map(({ data }) => data),
    [
      [5, 5, 5, 5],
      [-3, -1, 1, 3],
    ],
  );
}
