/**
 * Writes core/onnx/schema/ from the protobuf definition in the PyPI package `onnx` (needs Python 3.10 or later with pip):
 *
 *     npx tsx scripts/generate-onnx-schema.ts
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { unzipSync } from 'fflate';

const ONNX_VERSION = '1.23.2';
/** The definition that carries sequences and maps; the wheels of `onnx` are built from it. */
const DEFINITION = 'onnx/onnx-ml.proto';

const root = join(import.meta.dirname, '..');
const schema = join(root, 'core', 'onnx', 'schema');

async function definition(workplace: string): Promise<string> {
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:'];
  await execa('python3', [...pip, '--dest', workplace, `onnx==${ONNX_VERSION}`]);
  const wheel = readdirSync(workplace).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error(`pip left no wheel of onnx ${ONNX_VERSION} in ${workplace}`);
  const file = unzipSync(readFileSync(join(workplace, wheel)), { filter: ({ name }) => name === DEFINITION })[
    DEFINITION
  ];
  if (!file) throw new Error(`${wheel} holds no ${DEFINITION}`);
  return Buffer.from(file).toString('utf8');
}

const workplace = mkdtempSync(join(tmpdir(), 'onnx-schema-'));
try {
  const source = await definition(workplace);
  const protos = join(workplace, 'proto');
  mkdirSync(protos);
  writeFileSync(join(protos, 'onnx.proto'), source);
  const template = {
    version: 'v2',
    plugins: [{ local: 'protoc-gen-es', out: schema, opt: ['target=ts', 'import_extension=ts'] }],
  };
  await execa('buf', ['generate', '--template', JSON.stringify(template), protos], {
    preferLocal: true,
    localDir: root,
  });

  const generated = join(schema, 'onnx_pb.ts');
  const header = [
    '// Copyright (c) ONNX Project Contributors',
    `// From ${DEFINITION} of onnx ${ONNX_VERSION}, by scripts/generate-onnx-schema.ts.`,
  ];
  writeFileSync(generated, `${header.join('\n')}\n${readFileSync(generated, 'utf8')}`);
} finally {
  rmSync(workplace, { recursive: true, force: true });
}
