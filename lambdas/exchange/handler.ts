import { randomUUID } from 'node:crypto';
import { s3Signer } from '../../aws/clients.ts';
import { ExchangeUrls } from '../../aws/exchange-urls.ts';
import { ExchangeServer } from '../../core/protocol/exchange/exchange-server.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { functionLogger } from '../shared/function-logger.ts';
import { functionMetrics } from '../shared/function-metrics.ts';
import { readEnvironment } from './environment.ts';

const logger = functionLogger('exchange');
const metrics = functionMetrics('exchange');
const { bucket, urlExpirySeconds, maxUploadBytes } = readEnvironment(process.env);
const server = new ExchangeServer({
  signer: new ExchangeUrls(s3Signer(), { bucket, expirySeconds: urlExpirySeconds }),
  maxUploadBytes,
  now: Date.now,
  newId: randomUUID,
  onInternalError: (error) => logger.error('internal error', error as Error),
});

export const handler = apiHandler((request, principal) => server.handle(request, principal), {
  logger,
  metrics,
});
