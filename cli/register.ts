import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { Listr } from 'listr2';
import { ArtifactsBucket } from '../aws/artifacts-bucket.ts';
import { dynamoDb, s3 } from '../aws/clients.ts';
import { registrations } from '../aws/registrations.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import { opensWithRuntime } from '../core/engine/opens-with-runtime.ts';
import type { ModelVersion, RegisteredModel } from '../core/registry/model-version.ts';
import { CHAMPION } from '../core/registry/names.ts';
import { type RegisterProgress, registerModel } from '../core/registry/register-model.ts';
import { shellWord } from '../core/registry/registry-errors.ts';
import { actor } from './actor.ts';
import { ownName } from './own-name.ts';
import { byteSize } from './table.ts';
import { type AccountTarget, findAccount, type TargetOptions, withTargetOptions } from './target.ts';
import { print, type Terminal } from './terminal.ts';

interface RegisterOptions extends TargetOptions {
  readonly name: string;
  readonly alias?: string;
}

/** A version that was made, and what its registration found out. */
export interface Registered extends ModelVersion {
  /** Whether onnxruntime opened the file here before it was sent; false when there is none to ask. */
  readonly opened: boolean;
  /** The oldest other version of the model that is the same file. */
  readonly sameFileAs?: string;
  /** Version of the champion; absent when the model has none, or it could not be asked for. */
  readonly champion?: string;
}

export function registerCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('register'))
    .description('make an ONNX file the next version of a model')
    .argument('<file>', 'the ONNX file')
    .requiredOption('--name <model>', 'name of the model; a new one is made')
    .option('--alias <alias>', 'alias that is to point at the new version, for example champion')
    .action(async (file: string, options: RegisterOptions) => {
      const account = await findAccount(options, terminal);
      const registered = await withProgress(basename(file), terminal, options, (onProgress) =>
        register(resolve(terminal.directory, file), options, account, onProgress),
      );
      print(
        terminal,
        options.json,
        { ...registered, alias: options.alias },
        told(registered, options.alias, terminal),
      );
    });
}

export async function register(
  path: string,
  { name, alias }: Pick<RegisterOptions, 'name' | 'alias'>,
  { deployment, aws }: AccountTarget,
  onProgress: (progress: RegisterProgress) => void,
): Promise<Registered> {
  const registry = new RegistryTable(dynamoDb(aws), deployment.registryTable);
  let opened = false;
  const version = await registerModel(
    { path, model: name, alias, actor: actor() },
    {
      artifacts: new ArtifactsBucket(s3(aws), deployment.artifactsBucket),
      registry: registrations(deployment, aws),
      endpoint: deployment,
      open: async (file) => {
        opened = await opensWithRuntime(file);
      },
      onProgress,
    },
  );
  // The version is made: not to know its surroundings is no failure.
  const model = await registry.model(name).catch(() => undefined);
  return {
    ...version,
    opened,
    sameFileAs: model && sameFile(model, version),
    champion: model?.aliases[CHAMPION],
  };
}

function sameFile({ versions }: RegisteredModel, { version, artifact }: ModelVersion): string | undefined {
  return versions.find((other) => other.version !== version && other.artifact?.digest === artifact.digest)
    ?.version;
}

function told(registered: Registered, alias: string | undefined, terminal: Terminal): string {
  const { model, version, artifact, opened, sameFileAs, champion } = registered;
  const facts = [
    byteSize(artifact.size),
    `sha256 ${artifact.digest.slice(0, 12)}`,
    ...(sameFileAs === undefined ? [] : [`same file as version ${sameFileAs}`]),
    ...(opened ? [] : ['not opened here: no onnxruntime-node']),
  ];
  const pointed = alias === undefined ? '' : `, alias ${alias}`;
  const next =
    champion === undefined && alias !== CHAMPION
      ? `\nno champion yet: ${ownName(terminal.environment)} alias ${shellWord(model)} ${CHAMPION} ${version}`
      : '';
  return `${model} version ${version}${pointed} (${facts.join(', ')})${next}`;
}

/** A line that follows the upload, for people at a terminal only. */
async function withProgress(
  file: string,
  { stdout }: Terminal,
  { json }: RegisterOptions,
  work: (onProgress: (progress: RegisterProgress) => void) => Promise<Registered>,
): Promise<Registered> {
  const visible = stdout.isTTY === true && json !== true;
  const tasks = new Listr<{ registered?: Registered }>(
    {
      title: file,
      task: async (context, task) => {
        context.registered = await work((progress) => {
          task.title = `${file}: ${inWords(progress)}`;
        });
        task.title = file;
      },
    },
    // The error is reported once, after the list.
    { silentRendererCondition: !visible, rendererOptions: { showErrorMessage: false } },
  );
  const { registered } = await tasks.run({});
  return registered as Registered;
}

export function inWords(progress: RegisterProgress): string {
  switch (progress.step) {
    case 'check':
      return 'checking the model';
    case 'open':
      return 'opening the model';
    case 'upload':
      return `uploading ${byteSize(progress.bytes)} of ${byteSize(progress.totalBytes)}`;
    case 'register':
      return 'registering the version, which is checked, measured and signed';
  }
}
