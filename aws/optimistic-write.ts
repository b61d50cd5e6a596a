import { setTimeout as wait } from 'node:timers/promises';
import {
  type DynamoDBDocumentClient,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { UnavailableError } from '../core/errors.ts';
import { orUnavailable, REGISTRY_SILENT } from './unavailable.ts';

export type Write = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** What is to be written given what the table holds now, and what to answer when it is. */
export interface WritePlan<T> {
  readonly writes: readonly Write[];
  readonly result: T;
}

/** A writer that lost this often against others gives up. */
const ATTEMPTS = 60;

/** Reasons for which the same plan, made anew, may hold later. Source: DynamoDB API, `CancellationReason`. */
const COLLISIONS = new Set([
  'ConditionalCheckFailed',
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'TransactionConflict',
]);

/**
 * Writes a plan as one transaction, and plans anew when another writer was faster. Losers wait for a random part of a
 * growing span, so that they do not meet again.
 *
 * @param random in [0, 1)
 * @throws UnavailableError `REGISTRY_BUSY`, `REGISTRY_UNAVAILABLE`
 */
export async function writeOptimistically<T>(
  client: DynamoDBDocumentClient,
  plan: () => Promise<WritePlan<T>>,
  random: () => number,
): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { writes, result } = await plan();
    if (writes.length === 0 || (await written(client, writes))) {
      return result;
    }
    await wait(random() * Math.min(1_000, 20 * 2 ** attempt));
  }
  throw new UnavailableError(
    'REGISTRY_BUSY',
    'Too many others write to this model at the same time; try again in a few seconds.',
  );
}

async function written(client: DynamoDBDocumentClient, writes: readonly Write[]): Promise<boolean> {
  try {
    await client.send(new TransactWriteCommand({ TransactItems: [...writes] }));
    return true;
  } catch (error) {
    if (isCollision(error)) {
      return false;
    }
    throw orUnavailable(error, 'REGISTRY_UNAVAILABLE', REGISTRY_SILENT);
  }
}

function isCollision(error: unknown): boolean {
  const { name, CancellationReasons } = error as {
    name?: string;
    CancellationReasons?: readonly { Code?: string }[];
  };
  const reasons = (CancellationReasons ?? [])
    .map(({ Code = 'None' }) => Code)
    .filter((code) => code !== 'None');
  return (
    name === 'TransactionCanceledException' &&
    reasons.length > 0 &&
    reasons.every((reason) => COLLISIONS.has(reason))
  );
}
