import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AdmissionPorts, admitVersion } from '../../../../core/admission/admit-version.ts';
import { sweepPending } from '../../../../core/admission/sweep-pending.ts';
import { UnavailableError } from '../../../../core/errors.ts';
import { readManifest } from '../../../../core/registry/manifest.ts';
import { notPending, versionNotFound } from '../../../../core/registry/registry-errors.ts';
import type { VersionRecord } from '../../../../core/registry/registry-records.ts';
import type { Admitted } from '../../../../core/registry/registry-writer.ts';
import { modelPath } from '../../../support/models/model-file.ts';

const TARGET = { model: 'credit', version: '1' };

let temporary: string;
let status: VersionRecord['status'];
let admitted: Admitted | undefined;
let failure: string | undefined;
/** By digest, as a store that looks at what it is given. */
let stored: Map<string, number>;
let pushed: Map<string, Uint8Array>;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'admit-'));
});
afterAll(() => rm(temporary, { recursive: true }));
beforeEach(() => {
  status = 'PENDING_REGISTRATION';
  admitted = failure = undefined;
  stored = new Map();
  pushed = new Map();
});

const record = (): VersionRecord => ({
  ...TARGET,
  modelId: 'id',
  status,
  stage: 'None',
  source: 'models:/m-1',
  storage: 'there',
  tags: {},
  author: 'ada',
  createdAt: '2026-11-25T03:00:00.000Z',
  lastUpdatedAt: '2026-11-25T03:00:00.000Z',
});

function assertPending() {
  if (status !== 'PENDING_REGISTRATION') throw notPending({ ...TARGET, status });
}

const ports: AdmissionPorts = {
  registry: {
    version: async () => record(),
    admitVersion: async (_, found) => {
      assertPending();
      [status, admitted] = ['READY', found];
      return record();
    },
    failVersion: async (_, message) => {
      assertPending();
      [status, failure] = ['FAILED_REGISTRATION', message];
      return record();
    },
  },
  files: {
    list: async () => [...pushed].map(([name, bytes]) => ({ name, size: bytes.length })),
    open: async (_, name) => Readable.from([pushed.get(name)]),
  },
  artifacts: {
    put: async ({ digest, size }, path) => {
      const bytes = await readFile(path);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
      stored.set(digest, size);
      return 'created';
    },
  },
  signer: {
    sign: async (digest) => ({
      signature: Buffer.from(digest).toString('base64'),
      publicKey: 'a key',
    }),
  },
  runtime: 'onnxruntime-node test',
  now: () => new Date('2026-11-25T04:00:00.000Z'),
};

async function push(name: string, file = name): Promise<void> {
  pushed.set(name, await readFile(modelPath(file.replace(/\.onnx$/, ''))));
}

const golden = (sum: number[], extra: object = {}) => {
  const tensor = (name: string, data: number[]) => ({ name, datatype: 'FP32', shape: [1, 4], data });
  const inputs = [tensor('a', [1, 2, 3, 4]), tensor('b', [1, 1, 1, 1])];
  pushed.set(
    'golden.json',
    Buffer.from(JSON.stringify({ samples: [{ inputs, outputs: [tensor('sum', sum)] }], ...extra })),
  );
};

describe('a version that can serve', { timeout: 30_000 }, () => {
  it('becomes READY with everything that was found out about it', async () => {
    await push('model.onnx', 'add_sub');
    golden([2, 3, 4, 5]);
    expect(await admitVersion(TARGET, ports)).toEqual({ status: 'READY' });
    const { text = '', signature = '' } = admitted?.manifest ?? {};
    expect(Buffer.from(signature, 'base64')).toEqual(createHash('sha256').update(text).digest());
    const manifest = readManifest(text);
    expect(manifest).toMatchObject({
      modelId: 'id',
      version: '1',
      artifact: admitted?.artifact,
      description: admitted?.description,
      runtime: 'onnxruntime-node test',
      golden: { samples: 1, maxAbsolute: 0 },
      lineage: { source: 'models:/m-1', author: 'ada' },
      admittedAt: '2026-11-25T04:00:00.000Z',
    });
    expect(manifest?.measured?.shapes).toEqual({ a: [1, 4], b: [1, 4] });
    expect(manifest?.measured?.p50Ms).toBeGreaterThan(0);
    expect(stored.has(admitted?.artifact.digest ?? '')).toBe(true);
  });

  it('may have its weights in files beside the model', async () => {
    await push('data/model.onnx', 'external_data');
    pushed.set('data/external_data.bin', await readFile(modelPath('external_data').replace(/onnx$/, 'bin')));
    pushed.set('MLmodel', Buffer.from('flavors:'));
    expect(await admitVersion(TARGET, ports)).toEqual({ status: 'READY' });
    const names = admitted?.artifact.files?.map(({ name }) => name).sort();
    expect(names).toEqual(['external_data.bin', 'model.onnx']);
    for (const { digest } of admitted?.artifact.files ?? []) expect(stored.has(digest)).toBe(true);
  });
});

describe('a version that cannot serve', () => {
  it.each<[what: string, prepare: () => void | Promise<void>, code: string, advice: string]>([
    [
      'is no ONNX',
      () => void pushed.set('model.onnx', Buffer.from('\x80\x04pickle', 'latin1')),
      'NOT_ONNX',
      'pickle',
    ],
    [
      'has custom operators',
      () => push('model.onnx', 'custom_domain'),
      'UNSUPPORTED_OPERATOR_DOMAIN',
      'custom',
    ],
    [
      'lacks its weights',
      () => push('model.onnx', 'external_data'),
      'EXTERNAL_DATA_MISSING',
      'Keep the model',
    ],
    [
      'differs from its golden samples',
      async () => {
        await push('model.onnx', 'add_sub');
        golden([2, 3, 4, 6]);
      },
      'GOLDEN_DIFFERS',
      'element 3 of "sum" is 5, not 6',
    ],
    [
      'has golden samples that are none',
      async () => {
        await push('model.onnx', 'add_sub');
        pushed.set('golden.json', Buffer.from('{"samples":[]}'));
      },
      'INVALID_GOLDEN',
      'samples',
    ],
  ])('fails when it %s', async (_, prepare, code, advice) => {
    await prepare();
    const outcome = await admitVersion(TARGET, ports);
    expect(outcome).toMatchObject({ status: 'FAILED_REGISTRATION', code });
    expect(failure).toContain(advice);
    expect(stored.size).toBe(0);
  });

  it('fails when it is too large for the endpoint, before its bytes are fetched', async () => {
    pushed.set('model.onnx', Buffer.alloc(3 * 1024 * 1024));
    const files = { ...ports.files, open: () => Promise.reject(new Error('fetched')) };
    const outcome = await admitVersion(TARGET, { ...ports, files, endpoint: { memoryMegabytes: 130 } });
    expect(outcome).toMatchObject({ status: 'FAILED_REGISTRATION', code: 'MODEL_TOO_LARGE_FOR_ENDPOINT' });
  });

  it('passes a wider tolerance when its author says so', async () => {
    await push('model.onnx', 'add_sub');
    golden([2, 3, 4, 5.4], { tolerance: { absolute: 0.5, relative: 0 } });
    expect(await admitVersion(TARGET, ports)).toEqual({ status: 'READY' });
  });
});

describe('a version that is not to be settled', () => {
  it.each(['READY', 'FAILED_REGISTRATION'] as const)('stays %s', async (settled) => {
    status = settled;
    expect(await admitVersion(TARGET, ports)).toEqual({ status: settled });
  });

  it('may be gone', async () => {
    const version = () => Promise.reject(versionNotFound('credit', '1'));
    const registry = { ...ports.registry, version };
    expect(await admitVersion(TARGET, { ...ports, registry })).toEqual({ status: 'GONE' });
  });

  it('stays PENDING while the key does not answer', async () => {
    await push('model.onnx', 'add_sub');
    const signer = { sign: () => Promise.reject(new UnavailableError('SIGNING_UNAVAILABLE', 'later')) };
    await expect(admitVersion(TARGET, { ...ports, signer })).rejects.toThrow('later');
    expect(status).toBe('PENDING_REGISTRATION');
  });
});

describe('versions that nobody settled', () => {
  const minutesOld = (minutes: number, version: string, more: object = {}) => ({
    ...record(),
    version,
    createdAt: new Date(ports.now().getTime() - minutes * 60_000).toISOString(),
    ...more,
  });

  it('fail once they are older than the limit, and no others', async () => {
    const versions = [
      minutesOld(90, '1'),
      minutesOld(61, '2', { status: 'READY' }),
      minutesOld(59, '3'),
      minutesOld(61, '4'),
    ];
    const failed: string[] = [];
    const model = { ...record(), id: 'id', name: 'credit', versions, aliases: {} };
    const registry = {
      listModels: async () => [model],
      model: async () => model,
      failVersion: async ({ version }: { version: string }) => {
        failed.push(version);
        if (version === '1') throw notPending({ ...TARGET, status: 'READY' });
        return record();
      },
    };
    await sweepPending(3_600_000, { registry, now: ports.now });
    expect(failed).toEqual(['1', '4']);
  });
});
