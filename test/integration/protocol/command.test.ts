import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { writeLocalDeployment } from '../../../aws/local-deployment.ts';

const COMMANDS = join(import.meta.dirname, '../../../assets/cli');

/** What the documentation says to type, with the commands as they are published. */
const SCRIPT = `set -e
oip-conformance models ./models --model-prefix doc_
for model in models/*/; do
  name=$(basename "$model")
  for file in "$model"*/model.onnx; do strata register "$file" --name "$name" --alias champion; done
done
OIP_TOKEN=$(strata token --scopes infer) oip-conformance "$ENDPOINT" --model-prefix doc_ --require must,should --json > report.json
`;

const deployment = inject('deployment');
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'conformance-'));
  await writeLocalDeployment(directory, deployment);
  for (const name of ['oip-conformance', 'strata']) {
    const file = join(directory, name);
    await writeFile(file, `#!/bin/sh\nexec "${process.execPath}" "${join(COMMANDS, `${name}.mjs`)}" "$@"\n`, {
      mode: 0o755,
    });
  }
});
afterAll(() => rm(directory, { recursive: true }));

describe('the commands of the documentation', () => {
  it('write the models, register them, and find every must and should of the deployed endpoint', async () => {
    const { exitCode, stderr } = await execa('sh', ['-c', SCRIPT], {
      cwd: directory,
      reject: false,
      extendEnv: false,
      env: { PATH: `${directory}:${process.env['PATH']}`, ENDPOINT: deployment.endpoint },
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const { scores } = JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')) as {
      scores: Record<string, { share: number; skipped: number }>;
    };
    expect(scores).toMatchObject({
      must: { share: 1, skipped: 0 },
      should: { share: 1, skipped: 0 },
      nice: { share: 1, skipped: 0 },
    });
  }, 120_000);
});
