import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { Listr } from 'listr2';
import { ArtifactsBucket } from '../aws/artifacts-bucket.ts';
import { dynamoDb, s3 } from '../aws/clients.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import type { ModelVersion } from '../core/registry/model-version.ts';
import { type RegisterProgress, registerModel } from '../core/registry/register-model.ts';
import { actor } from './actor.ts';
import { byteSize } from './table.ts';
import { type AccountTarget, findAccount, type TargetOptions, withTargetOptions } from './target.ts';
import { print, type Terminal } from './terminal.ts';

interface RegisterOptions extends TargetOptions {
  readonly name: string;
  readonly alias?: string;
}

export function registerCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('register'))
    .description('make an ONNX file the next version of a model')
    .argument('<file>', 'the ONNX file')
    .requiredOption('--name <model>', 'name of the model; a new one is made')
    .option('--alias <alias>', 'alias that is to point at the new version, for example champion')
    .action(async (file: string, options: RegisterOptions) => {
      const account = await findAccount(options, terminal);
      const version = await withProgress(basename(file), terminal, options, (onProgress) =>
        register(resolve(terminal.directory, file), options, account, onProgress),
      );
      const { digest, size } = version.artifact;
      const alias = options.alias === undefined ? '' : `, alias ${options.alias}`;
      print(
        terminal,
        options.json,
        { ...version, alias: options.alias },
        `${version.model} version ${version.version}${alias} (${byteSize(size)}, sha256 ${digest.slice(0, 12)})`,
      );
    });
}

export function register(
  path: string,
  { name, alias }: Pick<RegisterOptions, 'name' | 'alias'>,
  { deployment, aws }: AccountTarget,
  onProgress: (progress: RegisterProgress) => void,
): Promise<ModelVersion> {
  return registerModel(
    { path, model: name, alias, actor: actor() },
    {
      artifacts: new ArtifactsBucket(s3(aws), deployment.artifactsBucket),
      registry: new RegistryTable(dynamoDb(aws), deployment.registryTable),
      onProgress,
    },
  );
}

/** A line that follows the upload, for people at a terminal only. */
async function withProgress(
  file: string,
  { stdout }: Terminal,
  { json }: RegisterOptions,
  work: (onProgress: (progress: RegisterProgress) => void) => Promise<ModelVersion>,
): Promise<ModelVersion> {
  const visible = stdout.isTTY === true && json !== true;
  const tasks = new Listr<{ version?: ModelVersion }>(
    {
      title: file,
      task: async (context, task) => {
        context.version = await work((progress) => {
          task.title = `${file}: ${inWords(progress)}`;
        });
        task.title = file;
      },
    },
    // The error is reported once, after the list.
    { silentRendererCondition: !visible, rendererOptions: { showErrorMessage: false } },
  );
  const { version } = await tasks.run({});
  return version as ModelVersion;
}

export function inWords(progress: RegisterProgress): string {
  switch (progress.step) {
    case 'check':
      return 'checking the model';
    case 'upload':
      return `uploading ${byteSize(progress.bytes)} of ${byteSize(progress.totalBytes)}`;
    case 'register':
      return 'registering the version';
  }
}
