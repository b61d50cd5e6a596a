import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../../../core/errors.ts';
import type { TensorExchange } from '../../../../core/protocol/exchange/tensor-exchange.ts';
import { goldenServer } from '../../../../lambdas/infer/golden-server.ts';
import type { InferPorts } from '../../../../lambdas/infer/inference-server.ts';
import { selfCheck } from '../../../../lambdas/infer/self-check.ts';
import { MemoryArtifacts, storeWith, versionOf } from '../../../support/models/model-versions.ts';
import '../../../support/own-temporary-folder.ts';
import { registryOf } from '../../core/protocol/in-memory.ts';

/** What the self-check answers about readiness, for a function that reads and writes these. */
async function readiness(ports: Pick<InferPorts, 'registry' | 'artifacts' | 'exchange'>) {
  const options = { server: goldenServer(512), memoryMegabytes: 512, requestId: 'request-1' };
  const { statusCode, body } = (await selfCheck({ ...options, ports })).readiness;
  return { status: statusCode, code: (JSON.parse(body) as { error_code?: string }).error_code };
}

const READY = { status: 200, code: undefined };
const fixed = versionOf('fixed');
const addSub = versionOf('add_sub');
const registry = registryOf([addSub, fixed]);
const artifacts = storeWith('add_sub', 'fixed');

describe('a version of infer is ready', () => {
  it('when nothing is registered yet', async () => {
    expect(await readiness({ registry: registryOf([]), artifacts })).toEqual(READY);
  });

  it('when models have no version that could be opened', async () => {
    const pending = registryOf([{ ...fixed, status: 'PENDING_REGISTRATION' }]);
    expect(await readiness({ registry: pending, artifacts: new MemoryArtifacts() })).toEqual(READY);
  });

  it('when the file of one champion is gone, and that of another is there', async () => {
    expect(await readiness({ registry, artifacts: storeWith('fixed') })).toEqual(READY);
  });

  it('when the store says that it does not hold the only file that is asked for: the new code reached it', async () => {
    expect(await readiness({ registry: registryOf([fixed]), artifacts: new MemoryArtifacts() })).toEqual(
      READY,
    );
  });

  it('and has read the first bytes of one file, and no more', async () => {
    const store = storeWith('add_sub', 'fixed');
    await readiness({ registry, artifacts: store });
    expect(store.opened).toEqual([addSub.artifact.digest]);
  });

  it('where a model has several files by one of these', async () => {
    const { digest, size } = fixed.artifact;
    const files = [{ name: 'model.onnx', digest, size }];
    const folder = { ...fixed, artifact: { digest: 'f'.repeat(64), size, files } };
    expect(await readiness({ registry: registryOf([folder]), artifacts })).toEqual(READY);
  });
});

describe('a version of infer is not ready', () => {
  it('when it may open no champion', async () => {
    const closed = {
      open: () => Promise.reject(new UnavailableError('ARTIFACT_UNAVAILABLE', 'may not be read')),
    };
    expect(await readiness({ registry, artifacts: closed })).toEqual({
      status: 503,
      code: 'ARTIFACT_UNAVAILABLE',
    });
  });

  it('when it cannot list or resolve models', async () => {
    const silent = () => Promise.reject(new UnavailableError('REGISTRY_UNAVAILABLE', 'silent'));
    for (const broken of [{ modelNames: silent }, { resolve: silent }]) {
      expect(await readiness({ registry: { ...registry, ...broken }, artifacts })).toEqual({
        status: 503,
        code: 'REGISTRY_UNAVAILABLE',
      });
    }
  });

  it.each<[string, Partial<TensorExchange>]>([
    [
      'cannot write to the exchange',
      { write: () => Promise.reject(new UnavailableError('EXCHANGE_UNAVAILABLE', '')) },
    ],
    ['cannot read from the exchange', { open: async () => undefined }],
  ])('when it %s', async (_what, broken) => {
    const kept = new Map<string, Uint8Array>();
    const exchange: TensorExchange = {
      bucket: 'exchange',
      write: async (key, bytes) => {
        kept.set(key, bytes);
        return '';
      },
      open: async (key) => {
        const bytes = kept.get(key);
        return bytes && { size: bytes.length, read: async () => bytes, discard: () => {} };
      },
    };
    expect(await readiness({ registry, artifacts, exchange })).toEqual(READY);
    expect(await readiness({ registry, artifacts, exchange: { ...exchange, ...broken } })).toEqual({
      status: 503,
      code: 'EXCHANGE_UNAVAILABLE',
    });
  });
});
