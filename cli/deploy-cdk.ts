import { accessSync, constants, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import type { AwsTarget } from '../aws/clients.ts';
import { StrataError } from '../core/errors.ts';
import packageJson from '../package.json' with { type: 'json' };
import type { Caller } from './aws-account.ts';
import type { Terminal } from './terminal.ts';

/** The version that the package is tested with; any 2.x that reads its assembly will do. */
const CDK_VERSION = packageJson.devDependencies['aws-cdk'];

/** How many lines of the CDK's output an error message holds at most. */
const REASON_LINES = 3;

/**
 * The CDK's command line: of the project that the user is in, of the one that strata is installed in, or in PATH.
 * @throws StrataError `CDK_NOT_FOUND`
 */
export function findCdk({ directory, environment }: Pick<Terminal, 'directory' | 'environment'>): string {
  const folders = [
    ...above(directory).map((folder) => join(folder, 'node_modules', '.bin')),
    ...above(import.meta.dirname).map((folder) => join(folder, 'node_modules', '.bin')),
    ...(environment['PATH'] ?? '').split(delimiter).filter(Boolean),
  ];
  const found = folders.map((folder) => join(folder, 'cdk')).find(isExecutable);
  if (found === undefined) {
    throw new StrataError(
      'CDK_NOT_FOUND',
      `Deploying needs the AWS CDK's command line: npm install --save-dev aws-cdk@${CDK_VERSION}`,
    );
  }
  return found;
}

function above(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The CDK in an account, with a folder of its own so that no `cdk.json` of the user applies. */
export class Cdk implements AsyncDisposable {
  static async open(terminal: Terminal, target: AwsTarget, caller: Caller): Promise<Cdk> {
    const executable = findCdk(terminal);
    return new Cdk(executable, await mkdtemp(join(tmpdir(), 'strata-deploy-')), terminal, target, caller);
  }

  private constructor(
    private readonly executable: string,
    /** Gone afterwards, unless something failed: then it holds the CDK's output. */
    readonly folder: string,
    private readonly terminal: Terminal,
    private readonly target: AwsTarget,
    private readonly caller: Caller,
  ) {}

  #failed = false;

  /** Prepares the account and region for deployments, once. */
  async bootstrap(onLine: (line: string) => void): Promise<void> {
    await this.#run('bootstrap', [`aws://${this.caller.account}/${this.caller.region}`], onLine);
  }

  /** Deploys all stacks of an assembly. */
  async deploy(app: string, onLine: (line: string) => void): Promise<void> {
    const args = [
      '--all',
      `--app=${app}`,
      '--require-approval=never',
      '--concurrency=2',
      '--progress=events',
    ];
    await this.#run('deploy', args, onLine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#failed) await rm(this.folder, { recursive: true, force: true });
  }

  async #run(command: string, args: readonly string[], onLine: (line: string) => void): Promise<void> {
    const { profile } = this.target;
    const log = join(this.folder, `cdk-${command}.log`);
    const output = createWriteStream(log);
    const reasons: string[] = [];
    const subprocess = execa(
      this.executable,
      [command, ...args, ...(profile === undefined ? [] : [`--profile=${profile}`]), '--no-notices'],
      {
        cwd: this.folder,
        env: this.#environment(),
        extendEnv: false,
        stdin: 'ignore',
        all: true,
        reject: false,
      },
    );
    for await (const text of subprocess.iterable({ from: 'all' })) {
      const line = stripVTControlCharacters(String(text)).trim();
      if (line === '') continue;
      output.write(`${line}\n`);
      if (/❌|_FAILED|\berror\b/i.test(line)) reasons.push(line);
      onLine(line);
    }
    output.end();
    await finished(output);
    const { exitCode } = await subprocess;
    if (exitCode === 0) return;
    this.#failed = true;
    const why = reasons.slice(-REASON_LINES).join(' ') || `exit code ${exitCode}`;
    throw new StrataError('DEPLOYMENT_FAILED', `cdk ${command} failed: ${why} Its output is in ${log}.`);
  }

  #environment(): Record<string, string | undefined> {
    const { awsEndpoint } = this.target;
    return {
      ...this.terminal.environment,
      AWS_REGION: this.caller.region,
      CDK_DISABLE_VERSION_CHECK: '1',
      // An emulator takes any credentials, and must never see those of an account.
      ...(awsEndpoint !== undefined && {
        AWS_ENDPOINT_URL: awsEndpoint,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_SESSION_TOKEN: undefined,
        AWS_PROFILE: undefined,
        AWS_CONFIG_FILE: devNull,
        AWS_SHARED_CREDENTIALS_FILE: devNull,
        AWS_EC2_METADATA_DISABLED: 'true',
      }),
    };
  }
}
