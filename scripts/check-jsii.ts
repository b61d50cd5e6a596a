import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';

const ROOT = resolve(import.meta.dirname, '..');
const STAGE = join(ROOT, '.cache', 'jsii');

/**
 * Compiles `lib/` with jsii to `dist/` and `.jsii`.
 *
 * jsii refuses a peer that is no jsii module, optional or not, and `onnxruntime-node` is one (the command line loads
 * it, constructs never do). So jsii compiles a copy whose manifest does not name it.
 */
async function compile(): Promise<void> {
  await rm(STAGE, { recursive: true, force: true });
  await mkdir(STAGE, { recursive: true });
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  delete manifest.peerDependencies['onnxruntime-node'];
  delete manifest.peerDependenciesMeta;
  await writeFile(join(STAGE, 'package.json'), JSON.stringify(manifest, undefined, 2));
  for (const name of ['lib', 'LICENSE', 'README.md', '.npmrc']) {
    await cp(join(ROOT, name), join(STAGE, name), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(STAGE, 'node_modules'));
  // The peers name the oldest versions that work; what is installed here is newer.
  const silenced = ['--silence-warnings', 'metadata/missing-dev-dependency'];
  await execa('jsii', ['--generate-tsconfig', 'tsconfig.jsii.json', '--fail-on-warnings', ...silenced], {
    cwd: STAGE,
    preferLocal: true,
    localDir: ROOT,
    stdio: 'inherit',
  });
  await rm(join(ROOT, 'dist'), { recursive: true, force: true });
  await cp(join(STAGE, 'dist'), join(ROOT, 'dist'), { recursive: true });
  await cp(join(STAGE, '.jsii'), join(ROOT, '.jsii'));
}

await compile().catch((error: Error & { shortMessage?: string }) => {
  process.stderr.write(`${error.shortMessage ?? error.message}\n`);
  process.exitCode = 1;
});
