import { describe, expect, it } from 'vitest';
import { LeftOutError } from '../../../bench/benchmark.ts';
import { cpuHierarchy } from '../../../bench/quota/cpu-group.ts';

const V1 = 'cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,relatime,cpu,cpuacct 0 0';
const SETS = 'cgroup /sys/fs/cgroup/cpuset cgroup rw,relatime,cpuset 0 0';
const V2 = 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev 0 0';
const HYBRID = 'cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0';

describe('where groups with a share of the processor are made', () => {
  it.each([
    ['version 2', [V2], { root: '/sys/fs/cgroup', version: 2 }],
    ['version 1', [SETS, V1], { root: '/sys/fs/cgroup/cpu,cpuacct', version: 1 }],
    ['both, of which version 1 has it', [HYBRID, V1], { root: '/sys/fs/cgroup/cpu,cpuacct', version: 1 }],
  ] as const)('is found with control groups of %s', (_, lines, found) => {
    expect(cpuHierarchy(['proc /proc proc rw 0 0', ...lines, ''].join('\n'))).toEqual(found);
  });

  it('is nowhere when none are mounted, and the benchmark is left out', () => {
    expect(() => cpuHierarchy(`proc /proc proc rw 0 0\n${SETS}\n`)).toThrow(LeftOutError);
    expect(() => cpuHierarchy('')).toThrow(LeftOutError);
  });
});
