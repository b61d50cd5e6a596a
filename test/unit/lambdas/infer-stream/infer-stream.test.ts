import { describe, expect, it } from 'vitest';
import { openFailure, runFailure } from '../../../../core/engine/runtime-failure.ts';
import { InvalidInputError, UnavailableError } from '../../../../core/errors.ts';
import type { RecordOutcome } from '../../../../core/protocol/record-server.ts';
import event from '../../../../events/infer-stream/good-and-bad-records.json' with { type: 'json' };
import { inferStream } from '../../../../lambdas/infer-stream/infer-stream.ts';
import { ResultsStream, type StreamResult } from '../../../../lambdas/infer-stream/results-stream.ts';
import { recordServerOf } from '../../../support/models/record-server.ts';

const { Records } = event;
const sequence = (index: number) => Records[index]?.kinesis.sequenceNumber;

/** A stream of which the calls answer as told, all well after that. */
function streamThat(...answers: (readonly boolean[])[]) {
  const calls: { key: string; data: string }[][] = [];
  const client = {
    send: async ({ input }: { input: { Records: { PartitionKey: string; Data: Uint8Array }[] } }) => {
      const taken = answers.shift() ?? [];
      calls.push(
        input.Records.map(({ PartitionKey, Data }) => ({
          key: PartitionKey,
          data: Buffer.from(Data).toString(),
        })),
      );
      return {
        Records: input.Records.map((_, index) =>
          taken[index] === false ? { ErrorCode: 'ProvisionedThroughputExceededException' } : {},
        ),
      };
    },
  };
  return { results: new ResultsStream(client as never, 'results', [1, 1]), calls };
}

const outcomesOf = (...outcomes: RecordOutcome[]) => ({ answer: async () => outcomes });
const good: RecordOutcome = { answer: '{}' };

describe('records of a stream', () => {
  it('are answered or rejected one by one; each result has the key and the number of its record', async () => {
    const { server } = recordServerOf('add_sub');
    const { results, calls } = streamThat();
    const outcome = await inferStream(Records, { server, results, requestId: 'request' });
    expect(outcome).toMatchObject({ response: { batchItemFailures: [] }, records: 5, rejected: 2 });
    const written = calls.flat().map(({ key, data }) => ({ key, ...JSON.parse(data) }));
    expect(written).toMatchObject([
      {
        key: 'customer-1',
        sequence_number: sequence(0),
        status: 'answered',
        body: { model_name: 'add_sub' },
      },
      { status: 'answered', body: { id: 'r-2', outputs: [{ name: 'sum', shape: [2, 4] }] } },
      {
        key: 'customer-3',
        status: 'rejected',
        body: { error_code: 'MALFORMED_JSON', request_id: 'request' },
      },
      { sequence_number: sequence(3), status: 'rejected', body: { error_code: 'MISSING_INPUT' } },
      { key: 'customer-5', status: 'answered' },
    ]);
  });

  it('are tried again from the first that failed for a reason of ours; nothing behind it is written', async () => {
    const { results, calls } = streamThat();
    const late = { error: new UnavailableError('REGISTRY_UNAVAILABLE', 'later') };
    const bad = { error: new InvalidInputError('MISSING_INPUT', 'no b') };
    const server = outcomesOf(good, bad, late, good, late);
    const outcome = await inferStream(Records, { server, results, requestId: 'request' });
    expect(outcome.response.batchItemFailures).toEqual([{ itemIdentifier: sequence(2) }]);
    expect(outcome).toMatchObject({ records: 2, rejected: 1, cause: late.error });
    expect(calls.flat()).toHaveLength(2);
  });

  it('are tried again from the first of which the result was not written', async () => {
    const refused = [true, false, true, false, true];
    const { results, calls } = streamThat(refused, [true, false], [false]);
    const server = outcomesOf(good, good, good, good, good);
    const outcome = await inferStream(Records, { server, results, requestId: 'request' });
    expect(calls.map((call) => call.length)).toEqual([5, 2, 1]);
    expect(outcome.response.batchItemFailures).toEqual([{ itemIdentifier: sequence(3) }]);
    expect(String(outcome.cause)).toContain('ProvisionedThroughputExceededException');
  });
});

describe('memory that is not there', () => {
  const answerWith = async (error: Error) => {
    const { results } = streamThat();
    return await inferStream(Records, { server: outcomesOf({ error }, good), results, requestId: 'request' });
  };

  it('for a record rejects it for good', async () => {
    const outcome = await answerWith(runFailure(new Error('std::bad_alloc')));
    expect(outcome).toMatchObject({ response: { batchItemFailures: [] }, records: 2, rejected: 1 });
  });

  it('for opening the model costs no record: they are tried again', async () => {
    const outcome = await answerWith(openFailure(new Error('std::bad_alloc')));
    expect(outcome).toMatchObject({
      response: { batchItemFailures: [{ itemIdentifier: sequence(0) }] },
      records: 0,
      rejected: 0,
    });
  });
});

describe('results', () => {
  const result = (data: string): StreamResult => ({
    partitionKey: 'key',
    data,
    tooLarge: (bytes) => `too large: ${bytes}`,
  });

  it('are written in calls of 500 records and 5 MiB at most', async () => {
    const { results, calls } = streamThat();
    const large = 'x'.repeat(1_000_000);
    const written = await results.put([
      ...Array.from({ length: 501 }, () => result('{}')),
      ...Array.from({ length: 6 }, () => result(large)),
    ]);
    expect(written).toEqual({ written: 507 });
    expect(calls.map((call) => call.length)).toEqual([500, 6, 1]);
  });

  it('that were written stay counted when a later call fails, so that they do not come twice', async () => {
    const gone = new Error('the stream is gone');
    let calls = 0;
    const send = async ({ input }: { input: { Records: object[] } }) => {
      calls += 1;
      if (calls === 2) throw gone;
      return { Records: input.Records.map(() => ({})) };
    };
    const results = new ResultsStream({ send } as never, 'results', [1]);
    const written = await results.put(Array.from({ length: 700 }, () => result('{}')));
    expect(written).toEqual({ written: 500, cause: gone });
  });

  it('that no record can hold become a reason', async () => {
    const { results, calls } = streamThat();
    await results.put([result('x'.repeat(1024 * 1024))]);
    expect(calls).toEqual([[{ key: 'key', data: 'too large: 1048576' }]]);
  });
});
