import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../../local/project.ts';
import type { PythonEnvironment } from '../../local/python-environment.ts';

/** What the handlers in Python import. */
export const PYTHON_HANDLER: PythonEnvironment = {
  directoryName: 'peers/python-handler-onnxruntime-1.32.0',
  purpose: 'python-handler',
  packages: ['onnxruntime==1.32.0', 'numpy==2.4.6', 'boto3==1.44.8'],
};

export const INSTALL = 'npx tsx bench/python-handler/install.ts';

/** The interpreter; undefined when nothing is installed. */
export function installedPython(): string | undefined {
  const directory = join(CACHE, PYTHON_HANDLER.directoryName);
  return existsSync(join(directory, 'complete')) ? join(directory, 'bin', 'python') : undefined;
}
