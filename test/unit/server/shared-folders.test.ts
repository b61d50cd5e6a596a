import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { readModelOnDisk } from '../../../core/engine/describe-model-file.ts';
import { writeModelFolder } from '../../../core/engine/model-folder.ts';
import type { ModelVersion } from '../../../core/registry/model-version.ts';
import { EnginePool } from '../../../server/engine-pool.ts';
import { modelPath } from '../../support/models/model-file.ts';

it('a model with weights beside it opens on every worker, though all fetch it at once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'shared-folders-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const onDisk = await readModelOnDisk(modelPath('external_data'));
  const folder = await writeModelFolder(onDisk, join(directory, 'registered'));
  const paths = new Map(folder.files.map(({ digest, name }) => [digest, join(folder.directory, name)]));
  const { digest, size, files } = folder;
  const version: ModelVersion = {
    model: 'm',
    version: '1',
    status: 'READY',
    artifact: { digest, size, files },
    description: onDisk.description,
    createdAt: '',
  };
  for (let round = 0; round < 3; round++) {
    const seen: string[] = [];
    const pool = new EnginePool({
      workers: 4,
      directory: join(directory, `disk-${round}`),
      maxBytes: 2 ** 30,
      locate: async () => paths,
      onEvent: ({ type }) => seen.push(type),
    });
    try {
      await pool.ready();
      await pool.load(version);
      await vi.waitFor(() => expect(seen).toHaveLength(4), 20_000);
      expect(new Set(seen)).toEqual(new Set(['session-loaded']));
    } finally {
      await pool.close();
    }
  }
}, 60_000);
