import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EMULATOR_VERSION } from '../../../local/emulator-install.ts';
import { PROJECT } from '../../../local/project.ts';
import { findPython } from '../../../local/python.ts';

const search = await findPython();
const python = 'found' in search ? search.found : undefined;

let site: string;
beforeEach(async () => {
  site = await mkdtemp(join(tmpdir(), 'strata-site-'));
});
afterEach(() => rm(site, { recursive: true }));

/** Installs a package of that version, without content, for the launcher to find. */
async function pretendInstalled(version: string): Promise<void> {
  const metadata = join(site, `ministack-${version}.dist-info`);
  await mkdir(metadata);
  await writeFile(
    join(metadata, 'METADATA'),
    `Metadata-Version: 2.1\nName: ministack\nVersion: ${version}\n`,
  );
}

/** What the launcher writes to standard error before it ends. Its standard input stays open, as a runner's does. */
function launch(): Promise<string> {
  return new Promise((resolve) => {
    const launcher = join(PROJECT, 'local', 'emulator.py');
    execFile(python ?? '', [launcher], { env: { PYTHONPATH: site } }, (_, __, stderr) => resolve(stderr));
  });
}

describe.runIf(python)('the launcher of the emulator', () => {
  it('does not start another version than the one it has patches for', async () => {
    await pretendInstalled('9.9.9');
    expect(await launch()).toContain(`the patches are for ministack ${EMULATOR_VERSION}, found 9.9.9`);
  });

  it('does not start when what it patches has changed', async () => {
    await pretendInstalled(EMULATOR_VERSION);
    const services = join(site, 'ministack', 'services');
    await mkdir(services, { recursive: true });
    await writeFile(join(site, 'ministack', '__init__.py'), '');
    await writeFile(join(services, '__init__.py'), '');
    await writeFile(join(services, 'apigateway_v1.py'), 'async def _execute_in_scope():\n    pass\n');
    expect(await launch()).toContain('apigateway_v1._execute_in_scope has changed, the patch does not fit');
  });
});
