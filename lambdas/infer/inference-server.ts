import { randomUUID } from 'node:crypto';
import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import { AccessControl } from '../../core/access/access-control.ts';
import type { AccessRulesReader } from '../../core/access/access-revision.ts';
import { CachedAccessRules } from '../../core/access/cached-access-rules.ts';
import type { TensorExchange } from '../../core/protocol/exchange/tensor-exchange.ts';
import { OpenInferenceServer } from '../../core/protocol/open-inference-server.ts';
import type { ArtifactReader } from '../../core/registry/artifact-reader.ts';
import type { RegistryReader } from '../../core/registry/registry-reader.ts';
import { exchangeBytes, requestBytes } from '../../lib/contracts/serving-memory.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { MAX_BODY_BYTES } from '../shared/api-event.ts';
import { logEngine, measureEngine } from '../shared/engine-events.ts';
import { type ServedModels, servedModels } from '../shared/served-models.ts';
import type { InferEnvironment } from './environment.ts';
import { predictionLog } from './prediction-log.ts';

export interface InferTools {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Where models, the rules about them, and large tensors are kept. */
export interface InferPorts {
  readonly registry: RegistryReader;
  readonly rules: AccessRulesReader;
  readonly artifacts: ArtifactReader;
  /** Absent where large tensors are not exchanged. */
  readonly exchange?: TensorExchange;
}

/** The protocol's server over a registry and the engine in this process. */
export function inferenceServer(
  environment: InferEnvironment,
  { logger, metrics }: InferTools,
  ports: InferPorts,
  models: ServedModels = inferModels(environment, { logger, metrics }, ports),
): OpenInferenceServer {
  const now = () => performance.now();
  const rules = new CachedAccessRules(ports.rules, { maxAgeMs: environment.aliasMaxAgeMs, now });
  return new OpenInferenceServer({
    serverVersion: packageJson.version,
    registry: models.registry,
    runner: models.runner,
    access: new AccessControl(rules),
    maxRequestBytes: requestBytes(environment.memoryMegabytes),
    maxResponseBytes: MAX_BODY_BYTES,
    exchange: ports.exchange && {
      tensors: ports.exchange,
      maxBytes: exchangeBytes(environment.memoryMegabytes),
    },
    now,
    newId: randomUUID,
    onPrediction: predictionLog({ logger, write: (lines) => process.stdout.write(lines) }),
    onRefusal: (refusal, { id }) => {
      logger.warn('access refused', { refusal: { principal: id, ...refusal } });
    },
    onInternalError: (error) => {
      logger.error('internal error', error as Error);
    },
  });
}

/** The models that `infer` serves, measured and logged. */
export function inferModels(
  { aliasMaxAgeMs, memoryMegabytes, prime, trustedKeys }: InferEnvironment,
  { logger, metrics }: InferTools,
  { registry, artifacts }: InferPorts,
): ServedModels {
  return servedModels({
    registry,
    artifacts,
    aliasMaxAgeMs,
    memoryMegabytes,
    pinned: prime,
    trustedKeys,
    onEvent: (event) => {
      measureEngine(event, metrics);
      logEngine(event, logger);
    },
  });
}
