import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Engine } from '../../core/engine/engine.ts';
import type { ModelVersion } from '../../core/registry/model-version.ts';
import type { Answer } from './first-answer.ts';

/** A model as the function `infer` opens it: copied from a store, here the disk, and its digest verified meanwhile. */
export const answer: Answer = async (path, inputs) => {
  const folder = dirname(path);
  const version = JSON.parse(await readFile(join(folder, 'version.json'), 'utf8')) as ModelVersion;
  const { files = [], size } = version.artifact;
  const names = new Map(files.map(({ digest, name }) => [digest, name]));
  const engine = new Engine({
    artifacts: { open: async ({ digest }) => createReadStream(join(folder, names.get(digest) ?? '')) },
    directory: join(tmpdir(), 'models'),
    maxBytes: size,
    memoryMegabytes: 1769,
  });
  const outputs = version.description.outputs.map(({ name }) => name);
  return [...(await engine.run(version, inputs, outputs)).values()].map(({ data }) => data);
};
