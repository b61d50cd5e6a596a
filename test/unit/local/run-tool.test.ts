import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { describeFailure, LocalRunError } from '../../../local/failure.ts';
import { identify, isRunning, type ProcessIdentity } from '../../../local/process-identity.ts';
import { LOGS, PROJECT } from '../../../local/project.ts';
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

  it('ends with the process that runs it, however that ends', async () => {
    const module = join(PROJECT, 'local', 'run-tool.ts');
    const script = `
      import { runTool } from ${JSON.stringify(module)};
      const shell = { file: '/bin/sh', args: ['-c', 'echo $$; sleep 60 & echo $!; wait'], env: { PATH: '/bin:/usr/bin' } };
      await runTool({ step: ${JSON.stringify(step)}, ...shell, onLine: (line) => console.log(line) });
    `;
    const runner = execa(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: PROJECT,
      reject: false,
    });
    const tools: ProcessIdentity[] = [];
    for await (const line of createInterface(runner.stdout)) {
      const identity = identify(Number(line));
      if (identity) tools.push(identity);
      if (tools.length === 2) break;
    }
    runner.kill('SIGKILL');
    await runner;
    await vi.waitFor(() => expect(tools.filter(isRunning)).toEqual([]), { timeout: 5_000 });
    expect(tools).toHaveLength(2);
  }, 20_000);

  it('ends when the run is stopped', async () => {
    const stopped = AbortSignal.timeout(50);
    await expect(runTool({ ...shell('sleep 60'), signal: stopped })).rejects.toThrow(LocalRunError);
  });
});
