import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../cli/command-line.ts';
import { readmeBlock } from '../../support/readme.ts';

const PREFIX = 'npm run --silent strata -- ';
const lines = readmeBlock('Deploy it to AWS', 'sh').trim().split('\n');

// What the commands do is in test/integration/deploy.test.ts; here, that the README calls them as they are.
describe('the README, under "Deploy it to AWS"', () => {
  it.each(lines)('%s: a command and options that there are', async (line) => {
    expect(line.startsWith(PREFIX)).toBe(true);
    const [command = '', ...words] = line.slice(PREFIX.length).split(' ');
    const stdout = new PassThrough();
    const terminal = {
      stdin: new PassThrough(),
      stdout,
      stderr: new PassThrough(),
      environment: {},
      directory: '/',
    };
    expect(await runCommandLine([command, '--help'], terminal as never)).toBe(0);
    const help = String(stdout.read());
    expect(help).toContain(`strata ${command}`);
    for (const option of words.filter((word) => word.startsWith('--'))) expect(help).toContain(option);
  });
});
