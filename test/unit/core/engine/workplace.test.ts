import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { withWorkplace } from '../../../../core/engine/workplace.ts';

const MODULE = new URL('../../../../core/engine/workplace.ts', import.meta.url).href;

describe('a temporary folder', () => {
  it('is gone after the work, also when that failed', async () => {
    const folders: string[] = [];
    const work = async (folder: string) => void folders.push(folder);
    await withWorkplace('workplace-', work);
    await expect(
      withWorkplace('workplace-', (folder) => work(folder).then(() => Promise.reject('no'))),
    ).rejects.toBe('no');
    expect(folders.map((folder) => existsSync(folder))).toEqual([false, false]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'is gone when %s ends the process meanwhile, as it would have without',
    async (signal) => {
      const program = `
      import { withWorkplace } from ${JSON.stringify(MODULE)};
      await withWorkplace('workplace-', async (folder) => {
        process.stdout.write(folder + '\\n');
        await new Promise((resolve) => setTimeout(resolve, 30_000));
      });`;
      const running = execa(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
        reject: false,
      });
      let folder = '';
      for await (const line of running) {
        folder = line;
        expect(existsSync(folder)).toBe(true);
        running.kill(signal);
      }
      const { signal: endedBy } = await running;
      expect(endedBy).toBe(signal);
      expect(existsSync(folder)).toBe(false);
    },
  );
});
