import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toolEnvironment } from '../../local/environment.ts';
import { CACHE } from '../../local/project.ts';
import { findPython } from '../../local/python.ts';
import { installPythonEnvironment } from '../../local/python-environment.ts';
import { runTool } from '../../local/run-tool.ts';

/** The package that holds the standard's tests, as Python that makes models and data. */
const VERSION = '1.23.2';

/** `generate-data` of the package writes its tests of whole models; asked this way, those of single operators. */
const GENERATE = `
import sys
from onnx.backend.test import cmd_tools
from onnx.backend.test.loader import load_node_model_tests
cmd_tools.model_test.collect_testcases = load_node_model_tests
cmd_tools.main()
`;

/**
 * The folder with one folder for each test: `model.onnx`, and `test_data_set_<n>` with `input_<n>.pb`, `output_<n>.pb`.
 * Made once.
 *
 * @returns why it cannot be had, when it cannot
 * @throws LocalRunError when the package or the data cannot be made
 */
export async function nodeTestData(): Promise<{ readonly folder: string } | { readonly missing: string }> {
  const target = join(CACHE, `onnx-node-tests-${VERSION}`);
  const folder = join(target, 'node');
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  if (isThere) return { folder };
  const search = await findPython();
  if (!('found' in search)) return search;
  const environment = {
    directoryName: `onnx-${VERSION}`,
    purpose: 'onnx',
    packages: [`onnx==${VERSION}`],
  };
  const python = await installPythonEnvironment(environment, { python: search.found });
  await mkdir(CACHE, { recursive: true });
  const coming = `${target}.${process.pid}`;
  await runTool({
    step: 'onnx node tests',
    file: python,
    args: ['-W', 'ignore', '-c', GENERATE, 'generate-data', '-o', coming],
    env: toolEnvironment(),
  });
  await rm(target, { recursive: true, force: true });
  await rename(coming, target);
  return { folder };
}
