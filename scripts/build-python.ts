import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { describeFailure, LocalRunError } from '../local/failure.ts';
import { findPython } from '../local/python.ts';
import { installPythonEnvironment } from '../local/python-environment.ts';

const PROJECT = resolve(import.meta.dirname, '..', 'python');

/** The builder that `pyproject.toml` names, at the same version. */
const BUILDER = 'hatchling==1.33.0';

/** The same for all, so that the same sources are the same bytes: the oldest time that a zip file can hold. */
const SOURCE_DATE_EPOCH = '315532800';

/**
 * Builds the wheel of `strata-ml` from `python/`.
 * @returns its path
 * @throws LocalRunError when there is no Python, or the builder cannot be had
 */
export async function buildWheel(directory = join(PROJECT, 'dist')): Promise<string> {
  const search = await findPython();
  if (!('found' in search)) throw new LocalRunError('PYTHON_MISSING', search.missing);
  const environment = { directoryName: BUILDER.replace('==', '-'), purpose: 'builder', packages: [BUILDER] };
  const python = await installPythonEnvironment(environment, { python: search.found });
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await execa(python, ['-m', 'hatchling', 'build', '--target', 'wheel', '--directory', directory], {
    cwd: PROJECT,
    env: { SOURCE_DATE_EPOCH, PYTHONDONTWRITEBYTECODE: '1' },
  });
  const [wheel] = (await readdir(directory)).filter((file) => file.endsWith('.whl'));
  if (wheel === undefined)
    throw new LocalRunError('WHEEL_MISSING', `hatchling wrote no wheel into ${directory}.`);
  return join(directory, wheel);
}

if (process.argv[1] === import.meta.filename) {
  try {
    process.stdout.write(`${await buildWheel()}\n`);
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`);
    process.exitCode = 1;
  }
}
