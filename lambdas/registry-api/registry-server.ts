import type { Logger } from '@aws-lambda-powertools/logger';
import { AccessRulesTable } from '../../aws/access-rules-table.ts';
import { dynamoDb, s3, s3Signer } from '../../aws/clients.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import { StagingBucket } from '../../aws/staging-bucket.ts';
import { TrackingTable } from '../../aws/tracking-table.ts';
import { AccessControl } from '../../core/access/access-control.ts';
import type { AccessRulesReader } from '../../core/access/access-revision.ts';
import { CachedAccessRules } from '../../core/access/cached-access-rules.ts';
import { MlflowServer, type MlflowServerOptions } from '../../core/mlflow/mlflow-server.ts';
import {
  AliasHistoryServer,
  type AliasHistoryServerOptions,
} from '../../core/protocol/alias-history-server.ts';
import type { AliasLogReader } from '../../core/registry/alias-history.ts';
import type { RegistryReader } from '../../core/registry/registry-reader.ts';
import { REGISTRY_PREFIX } from '../../lib/contracts/registry-layout.ts';
import { MAX_BODY_BYTES } from '../shared/api-event.ts';
import type { RegistryApiEnvironment } from './environment.ts';

/** Largest request after decompression: tags of a megabyte, escaped as badly as JSON can. */
const MAX_REQUEST_BYTES = 6 * 1024 * 1024;

/** For how long access rules may go unnoticed. */
const RULES_MAX_AGE_MS = 10_000;

export interface RegistryPorts {
  readonly registry: MlflowServerOptions['registry'] & AliasLogReader & Pick<RegistryReader, 'resolve'>;
  readonly rules: AccessRulesReader;
  /** Absent: clients cannot push files. */
  readonly pushes?: MlflowServerOptions['pushes'];
}

/** Answers requests of one API or the other, told apart by their paths. */
export type RegistryServer = Pick<MlflowServer, 'handle'>;

/** MLflow's API and ours over a registry, on AWS unless given. */
export function registryServer(
  environment: RegistryApiEnvironment,
  logger: Logger,
  { registry, rules, pushes }: RegistryPorts = awsPorts(environment),
): RegistryServer {
  const cached = new CachedAccessRules(rules, {
    maxAgeMs: RULES_MAX_AGE_MS,
    now: () => performance.now(),
  });
  const options: Pick<AliasHistoryServerOptions, 'access' | 'onRefusal' | 'onInternalError'> = {
    access: new AccessControl(cached),
    onRefusal: (refusal, { id }) => {
      logger.warn('access refused', { refusal: { principal: id, ...refusal } });
    },
    onInternalError: (error) => {
      logger.error('internal error', error as Error);
    },
  };
  const history = new AliasHistoryServer({ ...options, registry });
  const mlflow = new MlflowServer({
    ...options,
    registry,
    pushes,
    maxRequestBytes: MAX_REQUEST_BYTES,
    maxResponseBytes: MAX_BODY_BYTES,
  });
  return {
    handle: (request, principal) =>
      (request.path.startsWith(`/${REGISTRY_PREFIX}`) ? history : mlflow).handle(request, principal),
  };
}

function awsPorts({ registryTable, stagingBucket }: RegistryApiEnvironment): RegistryPorts {
  const client = dynamoDb();
  return {
    registry: new RegistryTable(client, registryTable),
    rules: new AccessRulesTable(client, registryTable),
    ...(stagingBucket && {
      pushes: {
        tracking: new TrackingTable(client, registryTable),
        staging: new StagingBucket({ client: s3(), signer: s3Signer(), bucket: stagingBucket }),
      },
    }),
  };
}
