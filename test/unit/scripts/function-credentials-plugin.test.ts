import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FUNCTION_BUNDLE, NODE_BUNDLE } from '../../../scripts/bundle-lambdas.ts';

const ENTRY = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
export const credentials = () => new DynamoDBClient({ region: 'eu-west-1' }).config.credentials();
`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-credentials-'));
  return () => rm(folder, { recursive: true });
});
afterEach(() => vi.unstubAllEnvs());

async function bundled(settings: typeof NODE_BUNDLE) {
  const outfile = join(folder, 'bundle.mjs');
  const stdin = { contents: ENTRY, resolveDir: import.meta.dirname };
  const { metafile } = await build({ ...settings, stdin, outfile });
  return { outfile, inputs: Object.keys(metafile.inputs) };
}

describe('the bundle of a function', () => {
  it('signs with what Lambda puts into its environment', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'ASIAEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'session');
    const { outfile } = await bundled(FUNCTION_BUNDLE);
    const { credentials } = await import(pathToFileURL(outfile).href);
    expect(await credentials()).toMatchObject({
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey: 'secret',
      sessionToken: 'session',
    });
  });

  it('finds none anywhere else', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
      vi.stubEnv(name, undefined);
    const credentialsFile = join(folder, 'credentials');
    await writeFile(credentialsFile, '[default]\naws_access_key_id=AKIA\naws_secret_access_key=secret\n');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', credentialsFile);
    const { outfile } = await bundled(FUNCTION_BUNDLE);
    const { credentials } = await import(`${pathToFileURL(outfile).href}?without`);
    await expect(credentials()).rejects.toThrow('environment');
  });

  it('leaves the clients of other sources out, which programs on machines need', async () => {
    const others = /credential-provider-(?!env)|nested-clients/;
    expect((await bundled(NODE_BUNDLE)).inputs.filter((file) => others.test(file))).not.toEqual([]);
    expect((await bundled(FUNCTION_BUNDLE)).inputs.filter((file) => others.test(file))).toEqual([]);
  });
});
