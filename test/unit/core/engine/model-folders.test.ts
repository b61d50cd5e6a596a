import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readModelOnDisk } from '../../../../core/engine/describe-model-file.ts';
import { Engine } from '../../../../core/engine/engine.ts';
import type { EngineEvent } from '../../../../core/engine/engine-event.ts';
import { ModelFiles } from '../../../../core/engine/model-files.ts';
import { writeModelFolder } from '../../../../core/engine/model-folder.ts';
import { folderDigest, staysInFolder } from '../../../../core/registry/folder-digest.ts';
import type { Artifact, ArtifactFile, ModelVersion } from '../../../../core/registry/model-version.ts';
import { modelPath } from '../../../support/models/model-file.ts';
import { artifactOf, MemoryArtifacts } from '../../../support/models/model-versions.ts';

let directory: string;
let events: EngineEvent[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'model-folders-'));
  events = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A model with its weights in a file beside it, as registering its folder would make it, and a store that holds it. */
async function registered(): Promise<{
  version: ModelVersion;
  store: MemoryArtifacts;
  weights: ArtifactFile;
}> {
  const onDisk = await readModelOnDisk(modelPath('external_data'));
  const folder = await writeModelFolder(onDisk, join(directory, 'registered'));
  const store = new MemoryArtifacts();
  for (const file of folder.files) store.put(file, await readFile(join(folder.directory, file.name)));
  const artifact: Artifact = { digest: folder.digest, size: folder.size, files: folder.files };
  const weights = folder.files.find(({ name }) => name !== 'model.onnx');
  if (!weights) throw new Error('the model holds its weights itself');
  const { description } = onDisk;
  const version = {
    model: 'm',
    version: '1',
    status: 'READY',
    artifact,
    description,
    createdAt: '',
  } as const;
  return { version, store, weights };
}

function engineOn(artifacts: MemoryArtifacts): Engine {
  const disk = join(directory, 'disk');
  return new Engine({ artifacts, directory: disk, maxBytes: 1e6, onEvent: (event) => events.push(event) });
}

async function run(engine: Engine, version: ModelVersion) {
  const { inputs, outputs } = version.description;
  const zeros = new Map(
    inputs.map(({ name, datatype, shape }) => {
      const lengths = shape.map((length) => Math.max(length, 1));
      return [name, { datatype, shape: lengths, data: new Float32Array(lengths.reduce((a, b) => a * b, 1)) }];
    }),
  );
  return await engine.run(
    version,
    zeros,
    outputs.map(({ name }) => name),
  );
}

describe('a model with weights in a file beside it', () => {
  it('is fetched, verified and run as a whole, and found on the disk by the next process', async () => {
    const { version, store } = await registered();
    expect((await run(engineOn(store), version)).size).toBe(version.description.outputs.length);
    expect(readdirSync(join(directory, 'disk'))).toEqual([`${version.artifact.digest}.folder`]);
    await run(engineOn(new MemoryArtifacts()), version);
    expect(events).toMatchObject([
      { type: 'session-loaded', source: 'store' },
      { type: 'session-loaded', source: 'disk' },
    ]);
  });

  it('is refused when the store has other weights, and nothing stays', async () => {
    const { version, store, weights } = await registered();
    store.put(weights, new Uint8Array(weights.size));
    await expect(engineOn(store).load(version)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(events).toMatchObject([
      { type: 'digest-mismatch', source: 'store', expected: { digest: weights.digest } },
      { type: 'load-failed', code: 'DIGEST_MISMATCH' },
    ]);
    expect(readdirSync(join(directory, 'disk'))).toEqual([]);
  });

  it('is fetched again when its weights changed on the disk', async () => {
    const { version, store, weights } = await registered();
    await engineOn(store).load(version);
    writeFileSync(join(directory, 'disk', `${version.artifact.digest}.folder`, weights.name), 'spoilt');
    await engineOn(store).load(version);
    expect(events.map(({ type }) => type)).toEqual(['session-loaded', 'digest-mismatch', 'session-loaded']);
  });

  it('is refused when the list of its files is not the one that was registered', async () => {
    const { version, store, weights } = await registered();
    const other = artifactOf(Buffer.from('other weights'));
    const files =
      version.artifact.files?.map((file) => (file === weights ? { ...file, ...other } : file)) ?? [];
    store.put(other, Buffer.from('other weights'));
    const changed = { ...version, artifact: { ...version.artifact, files } };
    await expect(engineOn(store).load(changed)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it.each(['../model.onnx', '/tmp/w', 'a/../../w', 'a\\w', '', '.', 'a//w', 'w\0'])(
    'never writes a file called %j',
    async (name) => {
      const { version, store, weights } = await registered();
      const files =
        version.artifact.files?.map((file) => (file === weights ? { ...file, name } : file)) ?? [];
      const artifact = { ...version.artifact, files, digest: folderDigest(files) };
      await expect(engineOn(store).load({ ...version, artifact })).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
      });
      expect(staysInFolder(name)).toBe(false);
    },
  );
});

describe('several that share a directory', () => {
  /** Reads all files for as long as the model would be opened. */
  async function openedFrom(files: ModelFiles, artifact: Artifact): Promise<void> {
    await files.use(artifact, async ({ path }) => {
      for (let i = 0; i < 5; i++) {
        for (const { name, size } of artifact.files ?? [])
          expect((await readFile(join(dirname(path), name))).length).toBe(size);
        await sleep(2);
      }
    });
  }

  function sharing(artifacts: MemoryArtifacts, count: number): ModelFiles[] {
    const shared = { artifacts, directory: join(directory, 'disk') };
    const onMismatch = (event: EngineEvent) => events.push(event);
    return Array.from({ length: count }, () => new ModelFiles({ ...shared, onMismatch }));
  }

  it('fetch one model at once, and all of them open it', async () => {
    const { version, store } = await registered();
    for (let round = 0; round < 10; round++) {
      rmSync(join(directory, 'disk'), { recursive: true, force: true });
      await Promise.all(sharing(store, 6).map((files) => openedFrom(files, version.artifact)));
      expect(readdirSync(join(directory, 'disk'))).toEqual([`${version.artifact.digest}.folder`]);
    }
    expect(events).toEqual([]);
  });

  it.each([
    ['spoilt', (path: string) => writeFileSync(path, 'spoilt')],
    ['incomplete', (path: string) => rmSync(path)],
  ])('replace a folder that is %s', async (_, spoil) => {
    const { version, store, weights } = await registered();
    const [first] = sharing(store, 1);
    if (!first) throw new Error('nobody is there');
    for (let round = 0; round < 10; round++) {
      await openedFrom(first, version.artifact);
      spoil(join(directory, 'disk', `${version.artifact.digest}.folder`, weights.name));
      await Promise.all(sharing(store, 6).map((files) => openedFrom(files, version.artifact)));
      expect(readdirSync(join(directory, 'disk'))).toEqual([`${version.artifact.digest}.folder`]);
    }
  });
});
