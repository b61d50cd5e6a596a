import fc from 'fast-check';
import { RegistryTable } from '../../aws/registry-table.ts';
import { MlflowServer } from '../../core/mlflow/mlflow-server.ts';
import { DynamoDbInMemory } from './dynamodb-in-memory.ts';
import { Client } from './registry-client.ts';
import { RegistryModel } from './registry-model.ts';
import { type Operation, operations } from './registry-operations.ts';

/** One step of a sequence that was answered differently. */
export interface Difference {
  readonly step: string;
  readonly server: unknown;
  readonly reference: unknown;
}

/** Sequences of calls, each against an empty registry. */
export const sequences = fc.array(operations, { minLength: 1, maxLength: 60, size: 'max' });

/** Does a sequence with the server and with the reference, and says where they part. */
export async function firstDifference(
  sequence: readonly Operation[],
  areEqual: (one: unknown, other: unknown) => boolean,
): Promise<Difference | undefined> {
  const { client: table } = new DynamoDbInMemory();
  let milliseconds = Date.parse('2026-11-24T10:00:00Z');
  let ids = 0;
  const registry = new RegistryTable(table, 'registry', {
    now: () => new Date(milliseconds++),
    newId: () => `00000000-0000-4000-8000-${String(ids++).padStart(12, '0')}`,
    random: () => 0,
  });
  const failures: unknown[] = [];
  const client = new Client(
    new MlflowServer({
      registry,
      maxRequestBytes: 6 * 1024 * 1024,
      maxResponseBytes: 6 * 1024 * 1024,
      onInternalError: (error) => failures.push(error),
    }),
    registry,
  );
  const reference = new RegistryModel();
  for (const operation of sequence) {
    const server = await client.do(operation.ask);
    if (failures.length > 0) throw failures[0];
    const expected = reference.do(() => operation.expect(reference));
    if (!areEqual(server, expected)) return { step: operation.describe, server, reference: expected };
  }
  return undefined;
}
