import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, readmeBlock, readmeBlocks } from '../support/readme.ts';

/** Which file runs or compiles each block. */
const TRIED: readonly { heading: string; language: string; by: string }[] = [
  { heading: 'Try it', language: 'sh', by: '.ci/run' },
  { heading: 'Your own model', language: 'sh', by: 'test/integration/readme.test.ts' },
  { heading: 'Your own model', language: 'sh', by: 'test/integration/readme.test.ts' },
  { heading: 'Your own model', language: 'python', by: 'test/clients/test_readme.py' },
  { heading: 'Push from Python in one line', language: 'python', by: 'test/clients/test_strata_ml.py' },
  { heading: 'Deploy it to AWS', language: 'sh', by: 'test/unit/cli/readme.test.ts' },
  { heading: 'Use the constructs', language: 'ts', by: 'test/unit/lib/readme.test.ts' },
  { heading: 'Work on it', language: 'sh', by: '.ci/run' },
];

describe('the README', () => {
  it('has no block that nothing tries', () => {
    expect(readmeBlocks().map(({ heading, language }) => ({ heading, language }))).toEqual(
      TRIED.map(({ heading, language }) => ({ heading, language })),
    );
  });

  it.each(TRIED)('has its $language block under "$heading" tried by $by', ({ by }) => {
    expect(readFileSync(join(ROOT, by), 'utf8')).toMatch(
      by === '.ci/run' ? /npm ci/ : /readmeBlock|README\.md" *\)\.read_text/,
    );
  });

  it.each(['Try it', 'Work on it'])(
    'has its command under "%s" run by the continuous integration',
    (heading) => {
      const command = readmeBlock(heading, 'sh').trim();
      expect(readFileSync(join(ROOT, '.ci/run'), 'utf8')).toContain(command);
    },
  );

  it('links only to files that are there', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link ?? '');
    expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([]);
  });
});
