import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;

interface Import {
  readonly file: string;
  /** Path below the root, or the name of a package. */
  readonly target: string;
  readonly typeOnly: boolean;
}

function importsOf(pattern: string): Import[] {
  return globSync(pattern, { cwd: ROOT, exclude: ['**/node_modules/**', '**/schema/**'] }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)].map(([, type, from, dynamic]) => {
      const specifier = from ?? dynamic ?? '';
      const target = specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;
      return { file, target, typeOnly: type !== undefined };
    }),
  );
}

/** What each room may import from inside the project. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'bin/**/*.ts': ['bin/', 'lib/'],
  'lib/contracts/**/*.ts': ['lib/contracts/'],
  'lib/private/**/*.ts': ['lib/private/', 'lib/contracts/'],
  'lib/stacks/**/*.ts': ['lib/'],
  'lib/platform/**/*.ts': ['lib/'],
  'lib/**/*.ts': ['lib/'],
  'core/**/*.ts': ['core/', 'lib/contracts/'],
  'aws/**/*.ts': ['aws/', 'core/', 'lib/contracts/'],
  'lambdas/**/*.ts': ['lambdas/', 'aws/', 'core/', 'lib/contracts/'],
  // The suite judges any server, so it knows nothing of ours.
  'conformance/**/*.ts': ['conformance/'],
  'server/**/*.ts': ['server/', 'aws/', 'core/', 'lib/contracts/'],
  'cli/**/*.ts': ['cli/', 'server/', 'aws/', 'core/', 'lib/contracts/'],
  'bench/**/*.ts': [
    'bench/',
    'lambdas/',
    'core/',
    'lib/contracts/',
    'local/',
    'scripts/',
    'cli/table',
    'examples/penguins/golden.json',
  ],
  'local/**/*.ts': ['local/', 'server/', 'aws/', 'core/', 'lib/contracts/', 'layers/', 'scripts/build'],
};

const isLocal = (target: string) => !target.startsWith('node:') && existsInProject(target);
const existsInProject = (target: string) =>
  /^(aws|bench|bin|cli|conformance|core|examples|lambdas|layers|lib|local|scripts|server|test)\//.test(
    target,
  );

describe.each(Object.entries(ALLOWED))('%s', (pattern, allowed) => {
  it(`imports only from ${allowed.join(', ')}`, () => {
    const imports = importsOf(pattern);
    const outside = imports.filter(
      ({ target }) => isLocal(target) && !allowed.some((room) => target.startsWith(room)),
    );
    expect(outside.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });
});

describe('the domain', () => {
  const imports = importsOf('core/**/*.ts');

  it('takes only types from the contracts', () => {
    expect(imports.filter(({ target, typeOnly }) => target.startsWith('lib/') && !typeOnly)).toEqual([]);
  });

  it('knows neither AWS nor CDK', () => {
    const cloud = imports.filter(({ target }) => /^(@aws|aws-|constructs|@middy)/.test(target));
    expect(cloud).toEqual([]);
  });

  it('touches files, processes and the network in the engine, the registry and admission only', () => {
    const outside = imports.filter(
      ({ file, target }) =>
        /^node:(fs|child_process|net|http|https|worker_threads)/.test(target) &&
        !/^core\/(admission|engine|registry)\//.test(file),
    );
    expect(outside).toEqual([]);
  });
});

describe('the contracts', () => {
  it('import nothing from outside', () => {
    const outside = importsOf('lib/contracts/**/*.ts').filter(
      ({ target }) => !target.startsWith('lib/contracts/'),
    );
    expect(outside).toEqual([]);
  });
});

describe('the constructs', () => {
  const imports = importsOf('lib/**/*.ts');

  it('need nothing but the CDK', () => {
    const packages = imports.map(({ target }) => target).filter((target) => !target.startsWith('lib/'));
    const other = packages.filter(
      (name) => !/^(aws-cdk-lib(\/aws-[a-z0-9-]+)?|constructs|node:(fs|path))$/.test(name),
    );
    expect(other).toEqual([]);
  });

  it('read no environment, and no context but feature flags', () => {
    const readers = globSync('lib/**/*.ts', { cwd: ROOT }).filter((file) =>
      /process\.env|tryGetContext|fromLookup/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(readers).toEqual([]);
  });

  it('of one layer make another only where it is their default neighbour', () => {
    const layers = ['gateway', 'registry', 'security', 'serving'];
    const allowed: Record<string, string[]> = { registry: ['gateway'], serving: ['gateway', 'registry'] };
    const crossing = imports
      .map(({ file, target }) => ({
        from: file.split('/')[1] ?? '',
        to: target.split('/')[1] ?? '',
        file,
        target,
      }))
      .filter(({ from, to }) => layers.includes(from) && layers.includes(to) && from !== to)
      .filter(({ from, to }) => !allowed[from]?.includes(to))
      // Models are run where they are served, and where they are admitted.
      .filter(({ target }) => target !== 'lib/serving/onnx-runtime-layer');
    expect(crossing).toEqual([]);
  });
});
