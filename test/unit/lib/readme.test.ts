import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT, readmeBlock } from '../../support/readme.ts';

// Inside the project, so that packages are found as in a consumer's app.
const folder = mkdtempSync(join(ROOT, '.cache', 'readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the construct example of the README', () => {
  const source = readmeBlock('Use the constructs', 'ts');
  const file = join(folder, 'app.ts');
  writeFileSync(file, `${source}\n(stack.node.root as App).synth();\n`);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: { paths: { 'cdk-strata': ['../../lib/index.ts'] } },
      include: ['app.ts'],
    }),
  );

  it('compiles', async () => {
    await expect(execa('tsc', ['-p', folder], { preferLocal: true, localDir: ROOT })).resolves.toBeDefined();
  }, 60_000);

  it('synthesises', async () => {
    const { stdout } = await execa('tsx', ['--tsconfig', join(folder, 'tsconfig.json'), file], {
      preferLocal: true,
      localDir: ROOT,
      cwd: folder,
      env: { CDK_OUTDIR: join(folder, 'cdk.out') },
      all: true,
    });
    expect(stdout).not.toContain('Error');
  }, 60_000);
});
