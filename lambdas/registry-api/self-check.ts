import { randomUUID } from 'node:crypto';
import type { Principal } from '../../core/access/principal.ts';
import { fromProtocolResponse } from '../shared/api-event.ts';
import type { RegistryCheckResult } from '../shared/self-check.ts';
import type { RegistryServer } from './registry-server.ts';

/** Nobody asks but the release of this version. */
const RELEASE: Principal = { id: 'self-check', scopes: ['registry.read'] };

/** Tries what the API needs: the access rules, the list of models, and the table itself, where a name is that nobody has. */
export async function selfCheck(server: RegistryServer, requestId: string): Promise<RegistryCheckResult> {
  const get = (path: string, query: Readonly<Record<string, readonly string[]>>) =>
    server.handle(
      {
        method: 'GET',
        path: `/api/2.0/mlflow/${path}`,
        query,
        headers: {},
        body: new Uint8Array(0),
        requestId,
      },
      RELEASE,
    );
  const [listing, lookup] = await Promise.all([
    get('registered-models/search', { max_results: ['1'] }),
    get('registered-models/get', { name: [`self-check-${randomUUID()}`] }),
  ]);
  return { listing: fromProtocolResponse(listing), lookup: fromProtocolResponse(lookup) };
}
