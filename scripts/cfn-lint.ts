import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { execa } from 'execa';
import * as z from 'zod';
import { LocalRunError } from '../local/failure.ts';
import { findPython } from '../local/python.ts';
import { installPythonEnvironment } from '../local/python-environment.ts';
import { synthesiseApp } from './synthesise-app.ts';

const ROOT = resolve(import.meta.dirname, '..');

const VERSION = '1.58.0';

/** Findings that are no fault here, by rule, with the reason. */
const ACCEPTED: Readonly<Record<string, string>> = {
  W3005:
    'The CDK writes out that a function waits for its role, beside the reference, so that it waits for the policies too.',
};

const findingsSchema = z.array(
  z.object({
    Filename: z.string(),
    Level: z.string(),
    Message: z.string(),
    Rule: z.object({ Id: z.string() }),
    Location: z.object({ Path: z.array(z.union([z.string(), z.number()])).nullish() }),
  }),
);

type Finding = z.infer<typeof findingsSchema>[number];

/** The app as it is checked: bound to an account and a region, and for any. */
const VARIANTS = {
  bound: { account: '123456789012', region: 'eu-west-1' },
  anywhere: undefined,
} as const;

/** Checks every template of the app against CloudFormation's schemas and rules. @returns exit code */
async function lintTemplates(): Promise<number> {
  const python = await pythonWithCfnLint();
  if (python === undefined) return 0;
  const folder = await mkdtemp(join(tmpdir(), 'strata-templates-'));
  try {
    const templates = await synthesiseTemplates(folder);
    const found = await lint(join(dirname(python), 'cfn-lint'), templates);
    const faults = found.filter(({ Rule }) => !(Rule.Id in ACCEPTED));
    for (const fault of faults) process.stderr.write(`${describe(fault, folder)}\n`);
    const needless = Object.keys(ACCEPTED).filter((id) => !found.some(({ Rule }) => Rule.Id === id));
    for (const id of needless)
      process.stderr.write(`${id} is accepted in scripts/cfn-lint.ts and not found any more\n`);
    if (faults.length + needless.length > 0) return 1;
    process.stdout.write(`cfn-lint: ${templates.length} templates without a fault\n`);
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns paths of the templates of all variants */
async function synthesiseTemplates(folder: string): Promise<string[]> {
  const templates: string[] = [];
  for (const [name, environment] of Object.entries(VARIANTS)) {
    const assembly = join(folder, name);
    await synthesiseApp({ root: ROOT, folder: assembly, environment });
    const names = (await readdir(assembly)).filter((file) => file.endsWith('.template.json'));
    templates.push(...names.map((file) => join(assembly, file)));
  }
  return templates;
}

async function lint(program: string, templates: readonly string[]): Promise<Finding[]> {
  const args = ['--format', 'json', '--template', ...templates];
  // The exit code tells of findings by a mask of their levels; what ends without JSON on stdout did not run.
  const { stdout, stderr } = await execa(program, args, { reject: false });
  try {
    return findingsSchema.parse(JSON.parse(stdout));
  } catch (cause) {
    throw new Error(`cfn-lint failed: ${stderr || stdout}`, { cause });
  }
}

function describe({ Filename, Level, Message, Rule, Location }: Finding, folder: string): string {
  return `${relative(folder, Filename)} ${Location.Path?.join('/') ?? ''}: ${Level} ${Rule.Id} ${Message}`;
}

/** The interpreter with cfn-lint; undefined, with one line that says why, where it cannot be had. */
async function pythonWithCfnLint(): Promise<string | undefined> {
  const search = await findPython();
  if (!('found' in search)) return leftOut(search.missing);
  const environment = {
    directoryName: `cfn-lint-${VERSION}`,
    purpose: 'cfn-lint',
    packages: [`cfn-lint==${VERSION}`],
  };
  try {
    return await installPythonEnvironment(environment, { python: search.found });
  } catch (error) {
    if (!(error instanceof LocalRunError)) throw error;
    return leftOut(`${error.message}. ${error.details.hint ?? ''}`.trim());
  }
}

function leftOut(reason: string): undefined {
  process.stdout.write(`cfn-lint: left out. ${reason}\n`);
}

process.exitCode = await lintTemplates();
