import type { Profiler } from 'node:inspector';
import { describe, expect, it } from 'vitest';
import { byOwner, selfTimes } from '../../../bench/profile/self-time.ts';

type Call = readonly [name: string, url: string, children?: readonly number[]];

/** A profile of these calls, by id from 1; `samples` are [call, microseconds]. */
function profileOf(
  calls: readonly Call[],
  samples: readonly (readonly [number, number])[],
): Profiler.Profile {
  return {
    nodes: calls.map(([functionName, url, children = []], index) => ({
      id: index + 1,
      callFrame: { functionName, url, scriptId: '0', lineNumber: 0, columnNumber: 0 },
      children: [...children],
    })),
    samples: samples.map(([call]) => call),
    timeDeltas: samples.map(([, microseconds]) => microseconds),
    startTime: 0,
    endTime: 0,
  };
}

const PROFILE = profileOf(
  [
    ['(root)', '', [2, 3, 7, 8]],
    ['parse', 'file:///core/protocol/route.ts', [4]],
    ['run', 'file:///node_modules/onnxruntime-node/lib/backend.ts', [5]],
    ['parse', 'file:///core/protocol/route.ts'],
    ['', '', [6]],
    ['memcpy', ''],
    ['(garbage collector)', ''],
    ['(idle)', ''],
  ],
  [
    [2, 100],
    [4, 50],
    [3, 100],
    [5, 600],
    [6, 50],
    [7, 100],
    [8, 9_000],
  ],
);

const times = selfTimes(PROFILE, ({ url }) => url.replace('file:///', '') || undefined);

describe('self times of a profile', () => {
  it('are shares of the time in which something ran', () => {
    expect(times.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(times.map(({ name }) => name)).not.toContain('(idle)');
  });

  it('join the calls of one function', () => {
    expect(times).toContainEqual({ name: 'parse core/protocol/route.ts', share: 0.15 });
  });

  it('name native code by its caller, however deep, and put the dearest first', () => {
    const run = 'run node_modules/onnxruntime-node/lib/backend.ts';
    expect(times[0]).toEqual({ name: `native code in ${run}`, share: 0.6 });
    expect(times).toContainEqual({ name: `native memcpy in native code in ${run}`, share: 0.05 });
  });

  it('are added up by package and by room, native code with its caller', () => {
    expect(byOwner(times)).toEqual([
      { name: 'onnxruntime-node', share: expect.closeTo(0.75) as number },
      { name: 'core/protocol', share: expect.closeTo(0.15) as number },
      { name: '(garbage collector)', share: expect.closeTo(0.1) as number },
    ]);
  });
});
