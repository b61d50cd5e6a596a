import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeFailure, LocalRunError } from '../../../local/failure.ts';
import { LOGS } from '../../../local/project.ts';
import { runTool, tailOf } from '../../../local/run-tool.ts';

const step = 'unit test of a tool';
const logFile = join(LOGS, 'unit-test-of-a-tool.log');
afterAll(() => rm(logFile, { force: true }));

const shell = (script: string) => ({
  step,
  file: '/bin/sh',
  args: ['-c', script],
  env: { PATH: '/bin:/usr/bin' },
});

describe('a tool', () => {
  it('has its output, both streams, in a log and line by line', async () => {
    const lines: string[] = [];
    await runTool({ ...shell('echo one; echo two >&2'), onLine: (line) => lines.push(line) });
    expect(lines.toSorted()).toEqual(['one', 'two']);
    expect((await tailOf(logFile)).toSorted()).toEqual(['one', 'two']);
  });

  it('inherits no variable', async () => {
    process.env['AWS_PROFILE'] = 'production';
    await runTool(shell('env'));
    delete process.env['AWS_PROFILE'];
    expect((await tailOf(logFile)).join('\n')).not.toContain('production');
  });

  it('that fails is one message: step, exit code, hint and the end of the log', async () => {
    const failing = runTool({ ...shell('seq 1 100; exit 3'), hint: 'Try this.' });
    const error = await failing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LocalRunError);
    const text = describeFailure(error).split('\n');
    expect(text.slice(0, 4)).toEqual([
      'unit test of a tool failed (exit code 3)',
      'Hint: Try this.',
      '',
      '  | 71',
    ]);
    expect(text.at(-1)).toBe('Log: .cache/logs/unit-test-of-a-tool.log');
  });

  it('that is not installed is named as such', async () => {
    const missing = runTool({ step, file: '/nowhere/tool', args: [], env: {} });
    await expect(missing).rejects.toThrow('the program is not installed');
  });

  it('ends when the run is stopped', async () => {
    const stopped = AbortSignal.timeout(50);
    await expect(runTool({ ...shell('sleep 60'), signal: stopped })).rejects.toThrow(LocalRunError);
  });
});
