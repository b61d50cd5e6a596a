import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  readLocalDeployment,
  removeLocalDeployment,
  writeLocalDeployment,
} from '../../../aws/local-deployment.ts';

const deployment = {
  endpoint: 'http://127.0.0.1:4566/prod',
  region: 'us-east-1',
  registryTable: 'registry',
  artifactsBucket: 'artifacts',
  userPoolId: 'pool',
  machineClientId: 'machine',
  tokenEndpoint: 'http://127.0.0.1:4566/oauth2/token',
  awsEndpoint: 'http://127.0.0.1:4566',
};

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'local-'));
});
afterEach(() => rm(project, { recursive: true }));

describe('the local deployment', () => {
  it('is found from the project and from any folder in it', async () => {
    await writeLocalDeployment(project, deployment);
    const inside = join(project, 'a', 'b');
    await mkdir(inside, { recursive: true });
    expect(await readLocalDeployment(project)).toEqual(deployment);
    expect(await readLocalDeployment(inside)).toEqual(deployment);
  });

  it('is absent before it is written and after it is removed, which may happen twice', async () => {
    expect(await readLocalDeployment(project)).toBeUndefined();
    await writeLocalDeployment(project, deployment);
    await removeLocalDeployment(project);
    await removeLocalDeployment(project);
    expect(await readLocalDeployment(project)).toBeUndefined();
  });

  it('replaces the one before and leaves no draft', async () => {
    await writeLocalDeployment(project, deployment);
    await writeLocalDeployment(project, { ...deployment, registryTable: 'other' });
    expect((await readLocalDeployment(project))?.registryTable).toBe('other');
    expect(await readdir(join(project, '.strata'))).toEqual(['local.json']);
  });

  it.each([
    { text: '{"endpoint":', names: 'JSON' },
    { text: JSON.stringify({ ...deployment, userPoolId: undefined }), names: 'userPoolId' },
    { text: JSON.stringify({ ...deployment, endpoint: 'nowhere' }), names: 'endpoint' },
  ])('that is broken is named, with what is wrong: $names', async ({ text, names }) => {
    await writeLocalDeployment(project, deployment);
    await writeFile(join(project, '.strata', 'local.json'), text);
    await expect(readLocalDeployment(project)).rejects.toMatchObject({
      code: 'LOCAL_DEPLOYMENT_INVALID',
      message: expect.stringContaining(names),
    });
  });
});
