import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { writeLocalDeployment } from '../../aws/local-deployment.ts';
import { ROOT, readmeBlock } from '../support/readme.ts';

const folder = mkdtempSync(join(tmpdir(), 'strata-readme-'));

beforeAll(async () => {
  await writeLocalDeployment(folder, inject('deployment'));
  symlinkSync(join(ROOT, 'examples'), join(folder, 'examples'));
  cpSync(join(ROOT, 'test/support/models/identity_fp32.onnx'), join(folder, 'my-model.onnx'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a block as a person would paste it, with the built command line for `npm run --silent strata --`. */
async function paste(block: string): Promise<string> {
  const prelude = `set -euo pipefail\nnpm() { shift 4; node "${ROOT}/assets/cli/strata.mjs" "$@"; }\n`;
  const { stdout } = await execa('bash', ['-c', prelude + block], { cwd: folder });
  return stdout;
}

describe('the README, under "Your own model"', () => {
  it('registers a model, lists it and asks it', async () => {
    const printed = await paste(readmeBlock('Your own model', 'sh', 0));
    expect(printed).toContain('my-model version 1, alias champion');
    expect(printed).toMatch(/1\.5.*2\.5/s);
  });

  it('asks the penguin model by curl', async () => {
    const answer = JSON.parse(await paste(readmeBlock('Your own model', 'sh', 1)));
    expect(answer.model_name).toBe('penguins');
    expect(answer.outputs[0]).toMatchObject({ name: 'label', data: ['Adelie', 'Gentoo'] });
  });
});
