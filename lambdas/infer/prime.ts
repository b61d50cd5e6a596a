import type { Logger } from '@aws-lambda-powertools/logger';
import type { ModelRunner } from '../../core/engine/model-runner.ts';
import type { RegistryReader } from '../../core/registry/registry-reader.ts';
import { startsAhead } from '../shared/cold-starts.ts';

export interface PrimeTools {
  readonly registry: Pick<RegistryReader, 'resolve'>;
  readonly runner: Pick<ModelRunner, 'load'>;
  readonly logger: Logger;
}

/**
 * Opens the champions of models where environments are started ahead of requests (provisioned concurrency): there is time,
 * and the first request finds them warm. Elsewhere a request waits already, perhaps for another model. What cannot be
 * opened is logged, and tried again by the first request for it.
 */
export async function prime(
  models: readonly string[],
  { registry, runner, logger }: PrimeTools,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  if (!startsAhead(environment)) return;
  for (const model of models) {
    try {
      await runner.load(await registry.resolve(model));
    } catch (error) {
      logger.error('model could not be opened ahead of requests', { model, error: error as Error });
    }
  }
}
