import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DigestMismatch } from '../../../../core/engine/engine-event.ts';
import { type ModelFile, ModelFiles } from '../../../../core/engine/model-files.ts';
import type { ArtifactReader } from '../../../../core/registry/artifact-reader.ts';
import type { Artifact } from '../../../../core/registry/model-version.ts';
import { artifactOf, MemoryArtifacts } from '../../../support/models/model-versions.ts';

const bytes = Buffer.from(
  'the bytes of a model, long enough for several chunks of the store that gives them',
);
const artifact = artifactOf(bytes);

let directory: string;
let mismatches: DigestMismatch[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'model-files-'));
  mismatches = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function filesOn(
  artifacts: ArtifactReader,
  freeBytes?: () => Promise<number>,
  folder = directory,
): ModelFiles {
  return new ModelFiles({
    artifacts,
    directory: folder,
    freeBytes,
    onMismatch: (event) => mismatches.push(event),
  });
}

function taken(files: ModelFiles, wanted: Artifact = artifact): Promise<ModelFile & { content: string }> {
  return files.use(wanted, async (file) => ({ ...file, content: readFileSync(file.path, 'utf8') }));
}

describe('a file that is not there yet', () => {
  it('is downloaded, verified and kept under its digest, readable by the owner alone', async () => {
    const folder = join(directory, 'made', 'when', 'missing');
    const file = await taken(filesOn(new MemoryArtifacts().put(artifact, bytes), undefined, folder));
    expect(file).toEqual({
      path: join(folder, `${artifact.digest}.onnx`),
      source: 'store',
      content: bytes.toString(),
    });
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([`${artifact.digest}.onnx`]);
  });

  it.each([
    ['other bytes of the same length', Buffer.alloc(bytes.length, 'x')],
    ['one byte more', Buffer.concat([bytes, Buffer.from('.')])],
    ['one byte less', bytes.subarray(1)],
    ['nothing', Buffer.alloc(0)],
  ])('is refused and deleted when the store gives %s', async (_, other) => {
    await expect(taken(filesOn(new MemoryArtifacts().put(artifact, other)))).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      statusCode: 503,
    });
    expect(mismatches).toMatchObject([{ type: 'digest-mismatch', source: 'store', expected: artifact }]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is not read to the end when it is longer than registered', async () => {
    let given = 0;
    const endless: ArtifactReader = {
      open: async () =>
        Readable.from(
          (function* () {
            for (; given < 10_000; given += 1) yield Buffer.alloc(1024);
          })(),
        ),
    };
    await expect(taken(filesOn(endless))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(given).toBeLessThan(100);
  });

  /** A store whose first streams break off. */
  function breaking(times: number) {
    const opened: number[] = [];
    const store: ArtifactReader = {
      open: async () =>
        Readable.from(
          (function* () {
            opened.push(opened.length);
            yield bytes.subarray(0, 10);
            if (opened.length <= times) throw new Error('connection reset');
            yield bytes.subarray(10);
          })(),
        ),
    };
    return { store, opened };
  }

  it('is fetched again when the store breaks off', async () => {
    const { store, opened } = breaking(2);
    expect(await taken(filesOn(store))).toMatchObject({ source: 'store', content: bytes.toString() });
    expect(opened).toHaveLength(3);
  });

  it('is ARTIFACT_UNAVAILABLE when the store breaks off again and again, and nothing of it is kept', async () => {
    const { store, opened } = breaking(3);
    await expect(taken(filesOn(store))).rejects.toMatchObject({
      code: 'ARTIFACT_UNAVAILABLE',
      message: expect.stringContaining('connection reset'),
    });
    expect(opened).toHaveLength(3);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is ARTIFACT_UNAVAILABLE when the store has it not, or the disk refuses it', async () => {
    await expect(taken(filesOn(new MemoryArtifacts()))).rejects.toMatchObject({
      code: 'ARTIFACT_UNAVAILABLE',
    });
    const file = join(directory, 'a-file');
    writeFileSync(file, '');
    const store = new MemoryArtifacts().put(artifact, bytes);
    await expect(taken(filesOn(store, undefined, file))).rejects.toMatchObject({
      code: 'ARTIFACT_UNAVAILABLE',
    });
  });
});

describe('a file that an earlier process left', () => {
  const left = () => join(directory, `${artifact.digest}.onnx`);

  it('is used without the store when its bytes are still right', async () => {
    writeFileSync(left(), bytes);
    const store = new MemoryArtifacts();
    expect(await taken(filesOn(store))).toMatchObject({ source: 'disk', content: bytes.toString() });
    expect(store.opened).toEqual([]);
  });

  it.each([
    ['other bytes', Buffer.alloc(bytes.length, 'x')],
    ['too many bytes', Buffer.concat([bytes, bytes])],
    ['too few bytes', bytes.subarray(0, 20)],
  ])('is replaced, and the event raised, when it holds %s', async (_, other) => {
    writeFileSync(left(), other);
    const file = await taken(filesOn(new MemoryArtifacts().put(artifact, bytes)));
    expect(file).toMatchObject({ source: 'store', content: bytes.toString() });
    expect(mismatches).toMatchObject([{ source: 'disk', expected: artifact }]);
  });

  it('is not used when its download never ended', async () => {
    writeFileSync(join(directory, `${artifact.digest}.1234.part`), bytes);
    expect(await taken(filesOn(new MemoryArtifacts().put(artifact, bytes)))).toMatchObject({
      source: 'store',
    });
  });
});

describe('a disk without room', () => {
  const CAPACITY = 230;
  const free = async () =>
    CAPACITY - readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);

  function leave(size: number, secondsOld: number): string {
    const content = Buffer.alloc(size, String(secondsOld));
    const path = join(directory, `${artifactOf(content).digest}.onnx`);
    writeFileSync(path, content);
    utimesSync(path, 1_000_000 - secondsOld, 1_000_000 - secondsOld);
    return path;
  }

  it('loses its oldest models, and no more than must go', async () => {
    const [old, older, young] = [leave(60, 20), leave(60, 30), leave(60, 10)];
    await taken(filesOn(new MemoryArtifacts().put(artifact, bytes), free));
    expect([older, old, young].map((path) => existsSync(path))).toEqual([false, true, true]);
  });

  it('keeps the model that is being opened', async () => {
    const files = filesOn(new MemoryArtifacts().put(artifact, bytes), free);
    const opening = leave(200, 99);
    const content = readFileSync(opening);
    await files.use(artifactOf(content), async () => {
      await taken(files);
      expect(existsSync(opening)).toBe(true);
    });
  });

  it('keeps a model that two are opening until both are done', async () => {
    const files = filesOn(new MemoryArtifacts().put(artifact, bytes), free);
    const opening = leave(200, 99);
    const shared = artifactOf(readFileSync(opening));
    await files.use(shared, async () => {
      await files.use(shared, async () => {});
      await taken(files);
      expect(existsSync(opening)).toBe(true);
    });
  });

  it("touches nothing that is not a model's: a model that has no room then never will, and is not fetched", async () => {
    const stranger = join(directory, 'notes.onnx');
    writeFileSync(stranger, Buffer.alloc(CAPACITY));
    const store = new MemoryArtifacts().put(artifact, bytes);
    await expect(taken(filesOn(store, free))).rejects.toMatchObject({
      code: 'MODEL_TOO_LARGE_FOR_ENDPOINT',
      statusCode: 507,
      retryable: false,
      message: expect.stringContaining('room for 0'),
    });
    expect(existsSync(stranger)).toBe(true);
    expect(store.opened).toEqual([]);
  });
});
