import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { misfit } from '../../../../core/engine/model-fit.ts';

const MIB = 1024 * 1024;

describe('a model fits an endpoint', () => {
  it.each([
    // 902 MB were measured while a session over 400 MB of weights was made, 299 for 100.
    [400, { memoryMegabytes: 928 }],
    [100, { memoryMegabytes: 328 }],
    [820, { memoryMegabytes: 1769, diskMegabytes: 1024 }],
    [1024, { memoryMegabytes: 10_240, diskMegabytes: 1024 }],
    [2047, {}],
  ])('of %i MiB: %j', (size, endpoint) => {
    expect(misfit({ size: size * MIB }, endpoint)).toBeUndefined();
  });
});

describe('weights in files beside the model', () => {
  const files = [
    { name: 'model.onnx', digest: 'a'.repeat(64), size: MIB },
    { name: 'weights.data', digest: 'b'.repeat(64), size: 400 * MIB },
  ];
  const artifact = { size: 401 * MIB, files };

  it('are mapped, so that memory does not decide', () => {
    expect(misfit(artifact, { memoryMegabytes: 512 })).toBeUndefined();
  });

  it('need their place on the disk', () => {
    expect(misfit(artifact, { memoryMegabytes: 512, diskMegabytes: 400 })).toContain('401 MiB of disk');
  });
});

describe('a model does not fit', () => {
  it.each([
    [400, { memoryMegabytes: 900 }, '928 MiB of memory, and the endpoint has 900 MiB', 'memorySize'],
    [821, { memoryMegabytes: 1769 }, '1770 MiB of memory', 'memorySize'],
    [1025, { memoryMegabytes: 10_240, diskMegabytes: 1024 }, '1025 MiB of disk', 'ephemeralStorageSize'],
    [6000, { memoryMegabytes: 10_240 }, 'more than a Lambda function can have', 'strata quantise'],
  ])('of %i MiB: %j, and what it would need is said', (size, endpoint, ...texts) => {
    for (const text of texts) expect(misfit({ size: size * MIB }, endpoint)).toContain(text);
  });

  it('when a smaller one does not, nor where there is less of either', () => {
    const size = fc.integer({ min: 0, max: 12_000 * MIB });
    const room = fc.integer({ min: 128, max: 10_240 });
    const less = fc.nat(100);
    fc.assert(
      fc.property(size, room, room, less, (bytes, memoryMegabytes, diskMegabytes, by) => {
        if (misfit({ size: bytes }, { memoryMegabytes, diskMegabytes }) === undefined) return;
        expect(misfit({ size: bytes + by }, { memoryMegabytes, diskMegabytes })).toBeDefined();
        expect(
          misfit({ size: bytes }, { memoryMegabytes: memoryMegabytes - by, diskMegabytes }),
        ).toBeDefined();
        expect(misfit({ size: bytes }, { memoryMegabytes, diskMegabytes: diskMegabytes - by })).toBeDefined();
      }),
    );
  });
});
