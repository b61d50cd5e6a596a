import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SCOPES } from '../lib/contracts/access.ts';
import { cdkEnvironment, LOCAL_ACCOUNT, LOCAL_REGION } from './environment.ts';
import { installedTool, PROJECT } from './project.ts';
import { runTool } from './run-tool.ts';

/** Outputs of all stacks, by stack and output name, as `cdk deploy --outputs-file` writes them. */
export type StackOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface CdkStep {
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

const CDK = installedTool('cdk');

/** Synthesises the app as it is deployed to AWS. What it needs must have been built. */
export async function synthesise(assembly: string, step: CdkStep): Promise<void> {
  await runTool({
    step: 'cdk synth',
    file: CDK,
    args: [
      'synth',
      '--quiet',
      `--output=${assembly}`,
      // cdk.json names a build that the runner has done already.
      '--build=true',
      // Whoever can reach the emulator can do everything there: tokens of all kinds are for trying them out.
      `--context=strata:machineScopes=${SCOPES.join(',')}`,
      '--no-notices',
    ],
    cwd: PROJECT,
    env: cdkEnvironment(),
    ...step,
  });
}

/** Prepares the emulator for deployments. Runs outside of the app, which it would synthesise otherwise. */
export async function bootstrap(emptyDirectory: string, awsEndpoint: string, step: CdkStep): Promise<void> {
  await mkdir(emptyDirectory, { recursive: true });
  await runTool({
    step: 'cdk bootstrap',
    file: CDK,
    args: ['bootstrap', `aws://${LOCAL_ACCOUNT}/${LOCAL_REGION}`, '--no-notices'],
    cwd: emptyDirectory,
    env: cdkEnvironment(awsEndpoint),
    ...step,
  });
}

/** Deploys every stack of an assembly to the emulator. */
export async function deploy(assembly: string, awsEndpoint: string, step: CdkStep): Promise<StackOutputs> {
  const outputs = join(assembly, 'outputs.json');
  await runTool({
    step: 'cdk deploy',
    file: CDK,
    args: [
      'deploy',
      '--all',
      `--app=${assembly}`,
      '--require-approval=never',
      '--concurrency=4',
      `--outputs-file=${outputs}`,
      '--progress=events',
      '--no-notices',
    ],
    cwd: assembly,
    env: cdkEnvironment(awsEndpoint),
    ...step,
  });
  return JSON.parse(await readFile(outputs, 'utf8')) as StackOutputs;
}
