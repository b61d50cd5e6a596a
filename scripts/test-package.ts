/**
 * Packs the package, installs it as a consumer would, and uses it. Needs a package registry, like any installation.
 *
 *     npm run test:package
 */
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { execa, type Options } from 'execa';
import { checkContent } from './package-content.ts';

const ROOT = resolve(import.meta.dirname, '..');
const FIXTURES = join(ROOT, 'test', 'package');
const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
  bin: Record<string, string>;
  devDependencies: Record<string, string>;
};

/** What stands in npm's way here is not part of what is tested. */
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

const APP = (language: 'js' | 'ts') => `
${language === 'js' ? "const { App, Stack } = require('aws-cdk-lib');\nconst { ModelRegistry, Serving } = require('cdk-strata');" : "import { App, Stack } from 'aws-cdk-lib';\nimport { type IModelRegistry, ModelRegistry, Serving } from 'cdk-strata';"}

class Scoring extends Stack {
  constructor(scope${language === 'ts' ? ': App' : ''}, id${language === 'ts' ? ': string' : ''}) {
    super(scope, id);
    const registry${language === 'ts' ? ': IModelRegistry' : ''} = new ModelRegistry(this, 'ModelRegistry');
    new Serving(this, 'Serving', { registry });
  }
}

const app = new App();
new Scoring(app, 'Scoring');
app.synth();
`;

let count = 0;

async function check(title: string, work: () => Promise<string | undefined>): Promise<void> {
  const started = performance.now();
  const found = await work();
  count += 1;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`ok  ${title}${found ? `: ${found}` : ''} [${seconds} s]\n`);
}

function expectThat(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

async function pack(folder: string): Promise<string> {
  // In the checkout, so that what is packed is what `npm publish` would send.
  const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', folder, ...QUIET], {
    cwd: ROOT,
  });
  // What prepack prints stands before the answer.
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [Parameters<typeof checkContent>[0]];
  await check('content of the package', async () => checkContent(packed));
  return join(folder, packed.filename);
}

/** A folder where somebody starts a CDK app: nothing in it but a manifest. */
async function emptyApp(folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'scoring', private: true }));
}

async function install(npm: readonly string[], folder: string, tarball: string): Promise<string> {
  const [file = 'npm', ...args] = npm;
  const peers = ['aws-cdk-lib', 'constructs'].map((name) => `${name}@${manifest.devDependencies[name]}`);
  await execa(file, [...args, 'install', tarball, ...peers, ...QUIET], { cwd: folder });
  const installed = await readdir(join(folder, 'node_modules'));
  const expected = ['aws-cdk-lib', manifest.name, 'constructs'];
  const foreign = ['esbuild', 'typescript', 'onnxruntime-node'].filter((name) => installed.includes(name));
  expectThat(
    expected.every((name) => installed.includes(name)),
    `installed: ${installed.join(', ')}`,
  );
  expectThat(foreign.length === 0, `a consumer gets ${foreign.join(', ')}, too`);
  return `${installed.filter((name) => !name.startsWith('.')).length} packages`;
}

/** A synthesis that reaches for nothing outside: no network, no other program, nothing in PATH. */
async function synthesise(folder: string, script: string): Promise<string> {
  const output = join(folder, `${script}.out`);
  await execa(process.execPath, ['--require', join(FIXTURES, 'no-network.cjs'), script], {
    cwd: folder,
    extendEnv: false,
    env: { HOME: folder, PATH: '', CDK_OUTDIR: output },
  });
  const template = JSON.parse(await readFile(join(output, 'Scoring.template.json'), 'utf8')) as {
    Resources: Record<string, { Type: string }>;
  };
  const types = Object.values(template.Resources).map(({ Type }) => Type);
  for (const type of ['AWS::Lambda::Function', 'AWS::Lambda::LayerVersion', 'AWS::ApiGateway::RestApi']) {
    expectThat(types.includes(type), `${script}: no ${type} in the template`);
  }
  const assets = (await readdir(output)).filter((name) => name.startsWith('asset.'));
  expectThat(
    assets.some((name) => name.endsWith('.zip')),
    `${script}: the layer is not among ${assets.join()}`,
  );
  return `${types.length} resources, ${assets.length} assets`;
}

async function compile(folder: string, files: readonly string[]): Promise<void> {
  const options = [
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--strict',
    '--skipLibCheck',
    '--types',
    'node',
  ];
  await execa('tsc', [...options, '--typeRoots', join(ROOT, 'node_modules', '@types'), ...files], {
    cwd: folder,
    preferLocal: true,
    localDir: ROOT,
  });
}

/** The example that the README of the constructs points to, with the import that a user writes. */
async function copyExample(folder: string): Promise<void> {
  const from = join(ROOT, 'examples', 'compose');
  for (const name of (await readdir(from)).filter((each) => each.endsWith('.ts'))) {
    const text = await readFile(join(from, name), 'utf8');
    await writeFile(join(folder, name), text.replaceAll("'../../lib", `'${manifest.name}`));
  }
}

async function strata(folder: string, args: readonly string[], options: Options = {}) {
  const bin = join(folder, 'node_modules', '.bin');
  const path = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
  const result = await execa('strata', args, {
    cwd: folder,
    reject: false,
    extendEnv: false,
    input: '',
    ...options,
    env: { HOME: folder, PATH: path, AWS_EC2_METADATA_DISABLED: 'true', AWS_REGION: 'eu-west-1' },
  });
  return { code: result.exitCode, out: String(result.stdout), err: String(result.stderr) };
}

async function useCommands(folder: string): Promise<string> {
  for (const file of Object.values(manifest.bin)) {
    const text = await readFile(join(folder, 'node_modules', manifest.name, file), 'utf8');
    expectThat(text.startsWith('#!/usr/bin/env node\n'), `${file} cannot be started by its name`);
  }
  const { out: version } = await strata(folder, ['--version']);
  expectThat(version === manifest.version, `strata --version says ${version}`);
  const { out: help } = await strata(folder, ['--help']);
  for (const command of ['register', 'infer', 'deploy', 'destroy', 'doctor']) {
    expectThat(new RegExp(`^  ${command} `, 'm').test(help), `strata --help does not name ${command}`);
  }
  const { code, err } = await strata(folder, ['doctor', '--json']);
  expectThat(code === 0, `strata doctor: ${err}`);
  // The packed app is found, the model is read; what is missing is an account.
  await copyFile(join(ROOT, 'examples', 'penguins', 'model.onnx'), join(folder, 'model.onnx'));
  const refused = await strata(folder, ['deploy', 'model.onnx', '--yes', '--json']);
  const { error_code } = JSON.parse(refused.err) as { error_code: string };
  expectThat(refused.code === 1 && error_code === 'ACCOUNT_NOT_READY', `strata deploy: ${refused.err}`);
  return `strata ${version}`;
}

async function asConsumer(npm: readonly string[], folder: string, tarball: string): Promise<void> {
  await emptyApp(folder);
  await check(`installed with ${npm.join(' ')}`, () => install(npm, folder, tarball));
  await check('JavaScript app synthesises, without network and other programs', async () => {
    await writeFile(join(folder, 'app.js'), APP('js'));
    return synthesise(folder, 'app.js');
  });
}

async function asTypeScriptConsumer(folder: string): Promise<void> {
  await check('TypeScript app compiles and synthesises', async () => {
    await writeFile(join(folder, 'typed.ts'), APP('ts'));
    await compile(folder, ['typed.ts']);
    return synthesise(folder, 'typed.js');
  });
  await check('examples/compose compiles and synthesises', async () => {
    await copyExample(folder);
    await rm(join(folder, 'app.js'));
    await compile(folder, ['app.ts']);
    return synthesise(folder, 'app.js');
  });
  await check('contracts are reached by their path', async () => {
    const script = `process.stdout.write(require('${manifest.name}/contracts/deployment').STACKS.service)`;
    const { stdout } = await execa(process.execPath, ['--eval', script], { cwd: folder });
    return stdout;
  });
  await check('commands start', () => useCommands(folder));
}

/** The oldest npm that the README promises, where the registry has it. */
async function npm10(): Promise<readonly string[] | undefined> {
  const npm = ['npx', '--yes', 'npm@10'];
  const { failed } = await execa('npx', ['--yes', 'npm@10', '--version'], {
    reject: false,
    timeout: 120_000,
  });
  return failed ? undefined : npm;
}

const folder = await mkdtemp(join(tmpdir(), 'strata-package-'));
await chmod(folder, 0o755);
try {
  const tarball = await pack(folder);
  const current = join(folder, 'current');
  await asConsumer(['npm'], current, tarball);
  await asTypeScriptConsumer(current);
  const older = await npm10();
  if (older === undefined) process.stdout.write('left out: npm 10 cannot be fetched here\n');
  else await asConsumer(older, join(folder, 'older'), tarball);
  process.stdout.write(`${count} checks of the package passed\n`);
} catch (error) {
  const { shortMessage, stdout = '', stderr = '', message } = error as Error & Record<string, string>;
  // Minified sources stand in stack traces.
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line !== '' && line.length < 1_000);
  process.stderr.write(`failed: ${[shortMessage ?? message, ...lines].join('\n')}\n`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
