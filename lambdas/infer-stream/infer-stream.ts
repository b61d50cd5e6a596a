import type { KinesisStreamBatchResponse, KinesisStreamRecord } from 'aws-lambda';
import { StrataError } from '../../core/errors.ts';
import { errorResponse } from '../../core/protocol/error-response.ts';
import { parseDocument } from '../../core/protocol/json-document.ts';
import type { RecordOutcome, RecordServer } from '../../core/protocol/record-server.ts';
import type { ResultsStream, StreamResult } from './results-stream.ts';

export interface StreamTools {
  readonly server: Pick<RecordServer, 'answer'>;
  readonly results: Pick<ResultsStream, 'put'>;
  /** In the errors of rejected records. */
  readonly requestId: string;
}

export interface StreamOutcome {
  readonly response: KinesisStreamBatchResponse;
  /** Records that are done with. */
  readonly records: number;
  readonly rejected: number;
  /** Why the first of the other records is to be tried again. */
  readonly cause: unknown;
}

/**
 * Answers the records of one shard, in their order. A record that is refused for what it holds is done with: the reason
 * is its result. At the first that failed for a reason of ours the rest is left, and Lambda tries again from there: what
 * comes behind it would come twice otherwise.
 *
 * @throws StrataError when none can be answered: then Lambda tries the whole batch again
 */
export async function inferStream(
  records: readonly KinesisStreamRecord[],
  { server, results, requestId }: StreamTools,
): Promise<StreamOutcome> {
  const outcomes = await server.answer(
    records.map(
      ({ kinesis }) =>
        () =>
          parseDocument(Buffer.from(kinesis.data, 'base64')),
    ),
  );
  const stop = outcomes.findIndex((outcome) => 'error' in outcome && isWorthAnotherTry(outcome.error));
  const done = stop < 0 ? outcomes : outcomes.slice(0, stop);
  const entries = done.map((outcome, index) =>
    resultOf(records[index] as KinesisStreamRecord, outcome, requestId),
  );
  const { written, cause } = await results.put(entries);
  const next = written < entries.length ? written : stop;
  const first = next < 0 ? undefined : records[next];
  const failed = outcomes[stop];
  return {
    response: { batchItemFailures: first ? [{ itemIdentifier: first.kinesis.sequenceNumber }] : [] },
    records: written,
    rejected: done.slice(0, written).filter((outcome) => 'error' in outcome).length,
    cause: cause ?? (failed && 'error' in failed ? failed.error : undefined),
  };
}

/**
 * A record that does not fit into memory alone (507) never will, nor will one that asks for what there is not (501). All
 * else that is not the record's fault may pass, a model for which there was no memory to open it (503) included.
 */
function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof StrataError)) return true;
  const { statusCode, retryable } = error;
  return retryable || (statusCode >= 500 && statusCode !== 501 && statusCode !== 507);
}

function resultOf({ kinesis }: KinesisStreamRecord, outcome: RecordOutcome, requestId: string): StreamResult {
  const { sequenceNumber, partitionKey } = kinesis;
  const [status, body] =
    'answer' in outcome
      ? ['answered', outcome.answer]
      : ['rejected', Buffer.from(errorResponse(outcome.error, requestId).body).toString()];
  return {
    partitionKey,
    data: `{"sequence_number":"${sequenceNumber}","status":"${status}","body":${body}}`,
    tooLarge: (bytes) =>
      JSON.stringify({
        sequence_number: sequenceNumber,
        status: 'rejected',
        body: {
          error: `The answer has ${bytes} bytes, more than a record of the stream can hold.`,
          error_code: 'RESPONSE_TOO_LARGE',
        },
      }),
  };
}
