import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TemplateResource } from '../core/cost/idle.ts';
import { costTables } from './cost-tables.ts';
import { synthesiseApp } from './synthesise-app.ts';

const ROOT = resolve(import.meta.dirname, '..');

export const COST_PAGE = join(ROOT, 'docs', 'cost.md');

/** Every resource that the app deploys by default. Functions and layers must have been built. */
export async function deployedResources(): Promise<TemplateResource[]> {
  const folder = await mkdtemp(join(tmpdir(), 'strata-cost-'));
  try {
    await synthesiseApp({ root: ROOT, folder });
    const templates = (await readdir(folder)).filter((name) => name.endsWith('.template.json'));
    const resources = templates.map(async (name) => {
      const template = JSON.parse(await readFile(join(folder, name), 'utf8')) as {
        Resources?: Record<string, TemplateResource>;
      };
      return Object.values(template.Resources ?? {});
    });
    return (await Promise.all(resources)).flat();
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * The page with its tables computed anew: each stands between `<!-- cost:<name> -->` and `<!-- /cost:<name> -->`.
 * @throws Error when the page has no place for a table
 */
export function withTables(page: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const place = new RegExp(`(<!-- cost:${name} -->\\n)[\\s\\S]*?(\\n<!-- /cost:${name} -->)`);
    if (!place.test(text)) throw new Error(`the page has no place for the table ${name}`);
    return text.replace(place, (_, start: string, end: string) => start + table + end);
  }, page);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const page = await readFile(COST_PAGE, 'utf8');
  await writeFile(COST_PAGE, withTables(page, costTables(await deployedResources())));
  process.stdout.write('docs/cost.md is up to date\n');
}
