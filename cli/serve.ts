import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { InvalidInputError, UnavailableError } from '../core/errors.ts';
import type { RegistryReader } from '../core/registry/registry-reader.ts';
import { readTrustedKeys } from '../core/registry/trusted-keys.ts';
import type { RegistryLocation } from '../server/registry-source.ts';
import { type ServeSettings, serve } from '../server/serve.ts';
import { serverLog } from '../server/server-log.ts';
import { serveFirstCall } from './serve-first-call.ts';
import { findAccount } from './target.ts';
import type { Terminal } from './terminal.ts';

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly workers?: number;
  readonly registry?: string | true;
  readonly trustedKeys?: string;
  readonly allowUnsigned?: boolean;
  readonly region?: string;
  readonly profile?: string;
  readonly token?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly insecure?: boolean;
  readonly defaultModel?: string;
  readonly maxBatch?: number;
  readonly json?: boolean;
}

const ABOUT_MODELS = `
Models are one ONNX file, or a folder with
  <model>.onnx                     each file a model
  <model>/<version>/model.onnx     Triton's layout; the highest version is the default one
Files that change are served anew within two seconds, without a restart.`;

/** How long the answers under way may take once the server is told to end; orchestrators wait 30 s. */
const GRACE_MS = 25_000;

export function serveCommand(terminal: Terminal): Command {
  return new Command('serve')
    .description('serve models on this machine, over the Open Inference Protocol')
    .argument('[models]', 'ONNX file, or folder of models')
    .addOption(
      new Option('--port <port>', 'port; 0 takes any that is free').default(8080).argParser(whole(0, 65_535)),
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option('--workers <n>', 'threads that run models (default: one for each core)').argParser(
        whole(1, 1024),
      ),
    )
    .option('--registry [stack]', 'serve the registry of a deployment: of this stack, or the local one')
    .option(
      '--trusted-keys <fingerprints>',
      'keys that sign the versions of the registry, separated by commas (default: those that the deployment names)',
    )
    .option('--allow-unsigned', 'serve versions of a registry whose signing keys are not known')
    .option('--region <region>', 'AWS region of the stack')
    .option('--profile <name>', 'named profile of the AWS configuration')
    .addOption(
      new Option('--token <token>', 'callers must send this bearer token (better in STRATA_SERVE_TOKEN)').env(
        'STRATA_SERVE_TOKEN',
      ),
    )
    .addOption(
      new Option(
        '--issuer <url>',
        'callers must send an access token of this OpenID Connect issuer',
      ).conflicts('token'),
    )
    .option('--audience <audience>', 'aud that the tokens of the issuer must have')
    .option('--insecure', 'listen to other machines without asking who calls')
    .option('--default-model <model>', 'model that /invocations runs (default: the only one)')
    .addOption(
      new Option('--max-batch <rows>', 'most rows that are merged into one run; 1 merges nothing')
        .default(256)
        .argParser(whole(1, 65_536)),
    )
    .option('--json', 'print the address and the log as JSON')
    .addHelpText('after', ABOUT_MODELS)
    .action(async (models: string | undefined, options: ServeOptions) => {
      await serveUntilTold(await settingsOf(models, options, terminal), options, terminal);
    });
}

async function settingsOf(
  models: string | undefined,
  options: ServeOptions,
  terminal: Terminal,
): Promise<ServeSettings> {
  const { host, port, workers, token, issuer, audience, insecure, defaultModel, maxBatch } = options;
  return {
    models: await modelsOf(models, options, terminal),
    host,
    port,
    ...(workers !== undefined && { workers }),
    ...(defaultModel !== undefined && { defaultModel }),
    ...(maxBatch !== undefined && { maxBatchRows: maxBatch }),
    access: { token, insecure, oidc: issuer === undefined ? undefined : { issuer, audience } },
    onEvent: serverLog(terminal.stderr, options.json ?? false),
  };
}

async function modelsOf(
  models: string | undefined,
  { registry, region, profile, trustedKeys, allowUnsigned }: ServeOptions,
  terminal: Terminal,
): Promise<string | RegistryLocation> {
  if (models !== undefined && registry === undefined) return resolve(terminal.directory, models);
  if (models !== undefined || registry === undefined) {
    throw new InvalidInputError(
      'NO_MODELS',
      'Give either an ONNX file or a folder of models, or --registry.',
    );
  }
  const stack = registry === true ? undefined : registry;
  const { deployment, aws } = await findAccount(
    { ...(stack !== undefined && { stack }), ...(region && { region }), ...(profile && { profile }) },
    terminal,
  );
  const { registryTable, artifactsBucket } = deployment;
  return {
    registryTable,
    artifactsBucket,
    trustedKeys: readTrustedKeys(trustedKeys ?? deployment.trustedKeys),
    allowUnsigned,
    aws,
  };
}

async function serveUntilTold(
  settings: ServeSettings,
  { json, token, issuer }: ServeOptions,
  terminal: Terminal,
): Promise<void> {
  const serving = await serve(settings);
  const { endpoint, registry } = serving;
  const hasToken = token !== undefined || issuer !== undefined;
  const said = json
    ? JSON.stringify({ endpoint, models: await registry.modelNames() })
    : await greeting(endpoint, registry, hasToken);
  terminal.stdout.write(`${said}\n`);
  await toldToEnd();
  if (!json) terminal.stderr.write('Stopping: what came is answered first.\n');
  await serving.close(GRACE_MS);
}

async function greeting(endpoint: string, registry: RegistryReader, hasToken: boolean): Promise<string> {
  const names = await registry.modelNames();
  const shown = names.slice(0, 10).join(', ') + (names.length > 10 ? `, and ${names.length - 10} more` : '');
  const [name] = names;
  const call = name === undefined ? '' : `\n\n${await firstCall(endpoint, registry, name, hasToken)}`;
  return `Serving ${shown || 'no models yet'} at ${endpoint}${call}\n\nCtrl-C stops it.`;
}

async function firstCall(endpoint: string, registry: RegistryReader, name: string, hasToken: boolean) {
  const { versions } = await registry.model(name);
  const newest = versions.findLast(({ status }) => status === 'READY');
  const inputs = newest && (await inputsOf(registry, name, newest.version));
  return serveFirstCall(endpoint, { name, inputs }, hasToken);
}

/** Undefined when the version cannot be had, for example because no trusted key signed it: the server says so when it is asked. */
async function inputsOf(registry: RegistryReader, name: string, version: string) {
  try {
    return (await registry.resolve(name, version)).description.inputs;
  } catch (error) {
    if (error instanceof UnavailableError) return undefined;
    throw error;
  }
}

/** Settled when the process is told to end; a second signal ends it at once, as it would without us. */
async function toldToEnd(): Promise<void> {
  const { promise, resolve: end } = Promise.withResolvers<void>();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const onSignal = () => {
    for (const name of signals) process.off(name, onSignal);
    end();
  };
  for (const name of signals) process.on(name, onSignal);
  await promise;
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
