import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  type AdmittedRegistrationsOptions,
  admittedRegistrations,
} from '../../../../core/admission/admitted-registrations.ts';
import { digestOfStorage } from '../../../../core/registry/artifact-storage.ts';
import { folderDigest, readFolderListing } from '../../../../core/registry/folder-digest.ts';
import type { ModelVersion, ModelVersionStatus } from '../../../../core/registry/model-version.ts';
import { modelExists } from '../../../../core/registry/registry-errors.ts';
import type { VersionRecord } from '../../../../core/registry/registry-records.ts';
import type { VersionDraft } from '../../../../core/registry/registry-writer.ts';

const DIGEST = 'ab'.repeat(32);
const draft = { model: 'credit', artifact: { digest: DIGEST, size: 9 }, alias: 'champion', actor: 'ada' };
const description = {} as ModelVersion['description'];

/** A registry whose admission comes out so, one look after the other. */
function registryThat(...looks: readonly [ModelVersionStatus, string?][]) {
  const happened: string[] = [];
  const stored: string[] = [];
  let made: VersionDraft | undefined;
  let look = 0;
  const options = {
    registry: {
      createModel: () => Promise.reject(modelExists('credit')),
      createVersion: async (version: VersionDraft) => {
        made = version;
        return { version: '2' } as VersionRecord;
      },
      version: async () => {
        const [status, statusMessage] = looks[Math.min(look++, looks.length - 1)] ?? ['READY'];
        return { status, statusMessage } as VersionRecord;
      },
      setAlias: async ({ alias, version }: { alias: string; version: string }) => {
        happened.push(`${alias} -> ${version}`);
        return { model: 'credit', alias, to: version };
      },
      resolve: async (model: string, version = '') => ({ model, version }) as ModelVersion,
    },
    artifacts: {
      put: async ({ digest }: { digest: string }, path: string) => {
        const text = await readFile(path, 'utf8');
        expect(createHash('sha256').update(text).digest('hex')).toBe(digest);
        stored.push(text);
        return 'created' as const;
      },
    },
    sleep: async () => {},
    patienceMs: 5_000,
  } satisfies AdmittedRegistrationsOptions;
  return { registration: admittedRegistrations(options), happened, stored, made: () => made };
}

describe('a version that is registered where versions are admitted', () => {
  it('is waited for, and pointed at only then', async () => {
    const { registration, happened, made } = registryThat(['PENDING_REGISTRATION'], ['READY']);
    expect(await registration.registerVersion({ ...draft, description })).toEqual({
      model: 'credit',
      version: '2',
    });
    expect(digestOfStorage(made()?.storage)).toEqual({ digest: DIGEST, isList: false });
    expect(happened).toEqual(['champion -> 2']);
  });

  it('names its files by a list that is stored under the digest of all', async () => {
    const files = [
      { name: 'model.onnx', digest: DIGEST, size: 4 },
      { name: 'w/eights', digest: 'cd'.repeat(32), size: 5 },
    ];
    const artifact = { digest: folderDigest(files), size: 9, files };
    const { registration, stored, made } = registryThat(['READY']);
    await registration.registerVersion({ ...draft, artifact, description });
    expect(digestOfStorage(made()?.storage)).toEqual({ digest: artifact.digest, isList: true });
    expect(stored.map(readFolderListing)).toEqual([files.map(({ name, digest }) => ({ name, digest }))]);
  });

  it('is refused with the reason, and no alias moves', async () => {
    const { registration, happened } = registryThat(['FAILED_REGISTRATION', 'Export it again.']);
    await expect(registration.registerVersion({ ...draft, description })).rejects.toMatchObject({
      code: 'VERSION_REFUSED',
      statusCode: 400,
      message: expect.stringContaining('Export it again.'),
    });
    expect(happened).toEqual([]);
  });

  it('is given up at the end of patience, and no alias moves', async () => {
    const { registration, happened } = registryThat(['PENDING_REGISTRATION']);
    await expect(registration.registerVersion({ ...draft, description })).rejects.toMatchObject({
      code: 'ADMISSION_PENDING',
      retryable: true,
    });
    expect(happened).toEqual([]);
  });
});

describe('a list of files', () => {
  it.each(['', 'model.onnx', `${DIGEST}  b\n${DIGEST}  a\n`, `${DIGEST}  a`, `${DIGEST} a\n`])(
    'is not read from %j',
    (text) => {
      expect(readFolderListing(text)).toBeUndefined();
    },
  );
});
