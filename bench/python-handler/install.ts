import { findPython } from '../../local/python.ts';
import { installPythonEnvironment } from '../../local/python-environment.ts';
import { PYTHON_HANDLER } from './environment.ts';

/**
 * Installs what `npm run bench -- --only python-handler` compares with: onnxruntime for Python, in an environment below
 * `.cache/`. Takes an interpreter as its argument; without one, whichever is found.
 */
const [given] = process.argv.slice(2);
const search = given === undefined ? await findPython() : { found: given };
if ('missing' in search) {
  process.stderr.write(`${search.missing}\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`${await installPythonEnvironment(PYTHON_HANDLER, { python: search.found })}\n`);
}
