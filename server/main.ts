import * as z from 'zod';
import { StrataError } from '../core/errors.ts';
import { readTrustedKeys } from '../core/registry/trusted-keys.ts';
import { ENVIRONMENT } from '../lib/contracts/environment.ts';
import { type ServeSettings, serve } from './serve.ts';
import { serverLog } from './server-log.ts';

/** The server of the container: set up by its environment, whatever it is called with (SageMaker says `serve`). */

const flag = z.enum(['0', '1', 'false', 'true']).transform((text) => text === '1' || text === 'true');
const count = z.coerce.number().int().positive();
/** A variable that is set to nothing is not set. */
const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));

const variables = z.object({
  STRATA_MODELS: z.string().default('/opt/ml/model'),
  STRATA_HOST: z.string().default('0.0.0.0'),
  // SageMaker names its port, for endpoints of several containers, SAGEMAKER_BIND_TO_PORT.
  SAGEMAKER_BIND_TO_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  STRATA_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  STRATA_WORKERS: count.optional(),
  STRATA_DEFAULT_MODEL: z.string().optional(),
  STRATA_MAX_BATCH: count.optional(),
  STRATA_SERVE_TOKEN: z.string().optional(),
  STRATA_ISSUER: z.url().optional(),
  STRATA_AUDIENCE: z.string().optional(),
  STRATA_INSECURE: flag.default(false),
  STRATA_GRACE_SECONDS: z.coerce.number().nonnegative().default(25),
  [ENVIRONMENT.registryTable]: z.string().optional(),
  [ENVIRONMENT.artifactsBucket]: z.string().optional(),
  [ENVIRONMENT.trustedKeys]: z.string().optional().transform(readTrustedKeys),
  STRATA_ALLOW_UNSIGNED: flag.default(false),
});

function settingsOf(environment: z.infer<typeof variables>): ServeSettings {
  const table = environment[ENVIRONMENT.registryTable];
  const bucket = environment[ENVIRONMENT.artifactsBucket];
  const { STRATA_WORKERS, STRATA_DEFAULT_MODEL, STRATA_MAX_BATCH, STRATA_ISSUER, STRATA_AUDIENCE } =
    environment;
  return {
    models:
      table && bucket
        ? {
            registryTable: table,
            artifactsBucket: bucket,
            trustedKeys: environment[ENVIRONMENT.trustedKeys],
            allowUnsigned: environment.STRATA_ALLOW_UNSIGNED,
          }
        : environment.STRATA_MODELS,
    host: environment.STRATA_HOST,
    port: environment.SAGEMAKER_BIND_TO_PORT ?? environment.STRATA_PORT,
    access: {
      token: environment.STRATA_SERVE_TOKEN,
      oidc: STRATA_ISSUER === undefined ? undefined : { issuer: STRATA_ISSUER, audience: STRATA_AUDIENCE },
      insecure: environment.STRATA_INSECURE,
    },
    ...(STRATA_WORKERS !== undefined && { workers: STRATA_WORKERS }),
    ...(STRATA_DEFAULT_MODEL !== undefined && { defaultModel: STRATA_DEFAULT_MODEL }),
    ...(STRATA_MAX_BATCH !== undefined && { maxBatchRows: STRATA_MAX_BATCH }),
    onEvent: serverLog(process.stdout, true),
  };
}

async function main(): Promise<void> {
  const environment = variables.safeParse(given);
  if (!environment.success) {
    throw new StrataError(
      'INVALID_ENVIRONMENT',
      `The environment is wrong. ${z.prettifyError(environment.error)}`,
    );
  }
  const serving = await serve(settingsOf(environment.data));
  say({ event: 'listening', endpoint: serving.endpoint, models: await serving.registry.modelNames() });
  // The first process of a container has no default for signals: without these it could only be killed.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      say({ event: 'draining', signal });
      serving.close(environment.data.STRATA_GRACE_SECONDS * 1000).then(() => process.exit(0), fail);
    });
  }
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`);
}

function fail(error: unknown): never {
  const { code } = error instanceof StrataError ? error : { code: 'UNEXPECTED' };
  say({ event: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}

main().catch(fail);
