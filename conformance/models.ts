import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DATATYPES = [
  'bool',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'int8',
  'int16',
  'int32',
  'int64',
  'fp16',
  'fp32',
  'fp64',
  'bytes',
];

const itself = (file: string): readonly [string, readonly string[]] => [file, [file]];

/** What a server needs for every check to run: the ONNX files of the versions 1, 2, … of each model. */
export const MODELS: ReadonlyMap<string, readonly string[]> = new Map([
  ...DATATYPES.map((datatype) => itself(`identity_${datatype}`)),
  ...['add_sub', 'fixed', 'vector_bytes', 'constant', 'optional_input', 'ir3'].map(itself),
  ['two_versions', ['identity_fp32', 'double']],
]);

/** Beside the command in the package; in a checkout, where the tests keep them. */
const FOLDERS = ['conformance-models/', '../test/support/models/'];

/** Path of an ONNX file of `MODELS`. */
export function modelPath(file: string): string {
  const folders = FOLDERS.map((folder) => fileURLToPath(new URL(folder, import.meta.url)));
  const folder = folders.find((candidate) => existsSync(candidate));
  if (folder === undefined) throw new Error(`the models of the suite are not in ${folders.join(' or ')}`);
  return join(folder, `${file}.onnx`);
}

/**
 * Writes the models as a repository of Triton's layout: `<name>/<version>/model.onnx` and `<name>/config.pbtxt`.
 *
 * @param prefix put before each name
 * @returns the names written
 */
export async function writeModels(directory: string, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for (const [model, files] of MODELS) {
    const name = prefix + model;
    for (const [index, file] of files.entries()) {
      const folder = join(directory, name, String(index + 1));
      await mkdir(folder, { recursive: true });
      await copyFile(modelPath(file), join(folder, 'model.onnx'));
    }
    await writeFile(join(directory, name, 'config.pbtxt'), configuration(name));
    names.push(name);
  }
  return names;
}

/** Triton serves only the newest version unless told otherwise, and reads inputs and outputs from the file itself. */
function configuration(name: string): string {
  return `name: "${name}"\nplatform: "onnxruntime_onnx"\nmax_batch_size: 0\nversion_policy: { all: {} }\n`;
}
