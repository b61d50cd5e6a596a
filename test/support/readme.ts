import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** A block of code in the README. */
export interface ReadmeBlock {
  /** Heading under which it stands. */
  readonly heading: string;
  readonly language: string;
  readonly text: string;
}

/** All blocks that have a language, in their order; pictures have none. */
export function readmeBlocks(): ReadmeBlock[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const blocks: ReadmeBlock[] = [];
  let heading = '';
  for (const [, title, language, text = ''] of readme.matchAll(/^#+ (.+)$|^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    else if (language !== undefined) blocks.push({ heading, language, text });
  }
  return blocks;
}

/** The only block of that language under a heading. */
export function readmeBlock(heading: string, language: string, index = 0): string {
  const found = readmeBlocks().filter((block) => block.heading === heading && block.language === language)[
    index
  ];
  if (!found) throw new Error(`README.md has no ${language} block ${index} under "${heading}"`);
  return found.text;
}
