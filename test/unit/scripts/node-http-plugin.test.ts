import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODE_BUNDLE } from '../../../scripts/bundle-lambdas.ts';
import { nodeHttpPlugin } from '../../../scripts/node-http-plugin.ts';

/** Imports http in every way that packages do. */
const SOURCE = `
  import http from 'node:http';
  import * as all from 'http';
  import { Agent, createServer } from 'node:http';
  const undici = process.moduleLoadList.some((name) => name.includes('undici'));
  const same = [http, all, { Agent, createServer }].every((it) => it.Agent === Agent && it.createServer === createServer);
  console.log(JSON.stringify({ undici, same, agent: new Agent() instanceof http.Agent }));
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'node-http-plugin-'));
  await writeFile(join(folder, 'entry.js'), SOURCE);
});
afterAll(() => rm(folder, { recursive: true }));

async function runBundle(plugins: typeof NODE_BUNDLE.plugins): Promise<unknown> {
  const outfile = join(folder, `bundle-${plugins.length}.mjs`);
  await build({ ...NODE_BUNDLE, plugins, entryPoints: [join(folder, 'entry.js')], outfile });
  return JSON.parse((await execa(process.execPath, [outfile], { extendEnv: false })).stdout);
}

describe('a bundle that imports http', () => {
  it('gets the real module without loading undici', async () => {
    expect(await runBundle([nodeHttpPlugin()])).toEqual({ undici: false, same: true, agent: true });
  });

  it('would load undici otherwise: as long as this holds the plugin earns its place', async () => {
    expect(await runBundle([])).toMatchObject({ undici: true });
  });

  it('is what functions are', () => {
    expect(NODE_BUNDLE.plugins.map(({ name }) => name)).toContain('node-http');
  });
});
