import type { Logger } from '@aws-lambda-powertools/logger';
import { AccessRulesTable } from '../../aws/access-rules-table.ts';
import { dynamoDb } from '../../aws/clients.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import { AccessControl } from '../../core/access/access-control.ts';
import type { AccessRulesReader } from '../../core/access/access-revision.ts';
import { CachedAccessRules } from '../../core/access/cached-access-rules.ts';
import { MlflowServer, type MlflowServerOptions } from '../../core/mlflow/mlflow-server.ts';
import { MAX_BODY_BYTES } from '../shared/api-event.ts';
import type { RegistryApiEnvironment } from './environment.ts';

/** Largest request after decompression: tags of a megabyte, escaped as badly as JSON can. */
const MAX_REQUEST_BYTES = 6 * 1024 * 1024;

/** For how long access rules may go unnoticed. */
const RULES_MAX_AGE_MS = 10_000;

export interface RegistryPorts {
  readonly registry: MlflowServerOptions['registry'];
  readonly rules: AccessRulesReader;
}

/** MLflow's API over a registry, on AWS unless given. */
export function registryServer(
  environment: RegistryApiEnvironment,
  logger: Logger,
  { registry, rules }: RegistryPorts = awsPorts(environment),
): MlflowServer {
  const cached = new CachedAccessRules(rules, {
    maxAgeMs: RULES_MAX_AGE_MS,
    now: () => performance.now(),
  });
  return new MlflowServer({
    registry,
    access: new AccessControl(cached),
    maxRequestBytes: MAX_REQUEST_BYTES,
    maxResponseBytes: MAX_BODY_BYTES,
    onRefusal: (refusal, { id }) => {
      logger.warn('access refused', { refusal: { principal: id, ...refusal } });
    },
    onInternalError: (error) => {
      logger.error('internal error', error as Error);
    },
  });
}

function awsPorts({ registryTable }: RegistryApiEnvironment): RegistryPorts {
  const client = dynamoDb();
  return {
    registry: new RegistryTable(client, registryTable),
    rules: new AccessRulesTable(client, registryTable),
  };
}
