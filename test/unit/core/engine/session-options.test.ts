import { describe, expect, it } from 'vitest';
import { sessionOptions } from '../../../../core/engine/session-options.ts';

const spins = (options: ReturnType<typeof sessionOptions>) => options.extra === undefined;

describe('threads of a session', () => {
  it.each([
    // Lambda's memory in MB, cores that it shows, threads, spinning
    [128, 2, 1, false],
    [1024, 2, 1, false],
    [1769, 2, 1, false],
    [3008, 2, 1, false],
    [3538, 2, 2, true],
    [3538, 3, 2, false],
    [10_240, 6, 5, false],
  ])('%i MB on %i visible cores: %i, spinning %s', (memoryMegabytes, cores, threads, spinning) => {
    const options = sessionOptions({ memoryMegabytes, cores });
    expect(options.intraOpNumThreads).toBe(threads);
    expect(spins(options)).toBe(spinning);
  });

  it('are all cores where no quota is known, and never more than there are', () => {
    expect(sessionOptions({ cores: 4 })).toMatchObject({ intraOpNumThreads: 4 });
    expect(spins(sessionOptions({ cores: 4 }))).toBe(true);
    expect(sessionOptions({ memoryMegabytes: 10_240, cores: 2 })).toMatchObject({ intraOpNumThreads: 2 });
  });

  it('are what the caller says, when the caller says it', () => {
    expect(sessionOptions({ memoryMegabytes: 512, threads: 3, cores: 2 })).toMatchObject({
      intraOpNumThreads: 3,
    });
  });
});

describe('memory of a session', () => {
  it('is given back after each run, unless the caller keeps it', () => {
    expect(sessionOptions({})).toMatchObject({ enableCpuMemArena: false });
    expect(sessionOptions({ keepsMemory: true })).toMatchObject({ enableCpuMemArena: true });
  });
});
