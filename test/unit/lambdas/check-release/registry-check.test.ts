import { describe, expect, it } from 'vitest';
import { RegistryTable } from '../../../../aws/registry-table.ts';
import { AccessControl } from '../../../../core/access/access-control.ts';
import { UnavailableError } from '../../../../core/errors.ts';
import { MlflowServer } from '../../../../core/mlflow/mlflow-server.ts';
import { registryCheck } from '../../../../lambdas/check-release/registry-check.ts';
import { selfCheck } from '../../../../lambdas/registry-api/self-check.ts';
import { isSelfCheck } from '../../../../lambdas/shared/self-check.ts';
import { DynamoDbInMemory } from '../../../support/dynamodb-in-memory.ts';

const table = () => new RegistryTable(new DynamoDbInMemory().client, 'registry');

function serverOver(registry: RegistryTable, access = new AccessControl()): MlflowServer {
  return new MlflowServer({ registry, access, maxRequestBytes: 1000, maxResponseBytes: 1000 });
}

/** The verdict on what a server really answers, after something was done to it. */
async function faultOf(server: MlflowServer, change = (result: object): unknown => result, failed = false) {
  return registryCheck.fault({ payload: change(await selfCheck(server, 'request-1')), failed });
}

describe('a version of registry-api', () => {
  it('that lists models and knows who is not there may be released, whatever the registry holds', async () => {
    const full = table();
    await full.createModel({ name: 'credit', notes: 'x'.repeat(500) });
    expect(await faultOf(serverOver(table()))).toBeUndefined();
    expect(await faultOf(serverOver(full))).toBeUndefined();
    expect(isSelfCheck(registryCheck.event as object)).toBe(true);
  });

  it('that throws must not', async () => {
    expect(await faultOf(serverOver(table()), () => ({ errorMessage: 'out of memory' }), true)).toBe(
      'the function failed: out of memory',
    );
  });

  it.each([[null], [{}], [{ listing: {} }]])('that answers %j must not', async (payload) => {
    expect(await faultOf(serverOver(table()), () => payload)).toBe(
      'the function does not know the self-check',
    );
  });

  it('that does not reach the table must not', async () => {
    const silent = () => Promise.reject(new UnavailableError('REGISTRY_UNAVAILABLE', 'try again'));
    const registry = { listModels: silent, model: silent } as unknown as RegistryTable;
    expect(await faultOf(serverOver(registry))).toBe(
      'models could not be listed: status 503 TEMPORARILY_UNAVAILABLE',
    );
    const half = Object.assign(table(), { model: silent });
    expect(await faultOf(serverOver(half))).toContain('status 503');
  });

  it('that does not reach the access rules must not', async () => {
    const access = new AccessControl({ current: () => Promise.reject(new Error('no permission')) });
    expect(await faultOf(serverOver(table(), access))).toContain('status 503');
  });
});
