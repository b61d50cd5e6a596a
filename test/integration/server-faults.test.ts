import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { accessToken } from '../../aws/access-token.ts';
import { cognito } from '../../aws/clients.ts';
import { FAULTS, FAULTY_MODELS } from '../support/models/faulty-models.ts';
import { registerModels } from './protocol/models.ts';

const deployment = inject('deployment');

/** Models of the same names belong to other tests of this deployment. */
const prefix = `faulty-${randomUUID()}-`;
const used = [...new Set(FAULTS.map(({ model }) => model))];
const directory = mkdtempSync(join(tmpdir(), 'faults-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let token: string;
beforeAll(async () => {
  const models = used.map((name) => {
    const path = join(directory, `${name}.onnx`);
    writeFileSync(path, FAULTY_MODELS[name] ?? '');
    return { path, model: prefix + name, alias: 'champion' };
  });
  await registerModels(deployment, models);
  ({ token } = await accessToken(cognito(deployment), deployment, ['infer']));
});

async function ask(model: string, inputs: readonly unknown[]) {
  const answer = await fetch(`${deployment.endpoint}/v2/models/${prefix}${model}/infer`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs }),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

describe('the deployed function, when a caller sends values that a model fails at', () => {
  it.each(FAULTS)(
    '$what: says so, and answers the next request',
    async ({ model, bad, good, output, status, code }) => {
      const refused = await ask(model, bad);
      expect([refused.status, refused.json['error_code']]).toEqual([status, code]);
      expect((await ask(model, good)).json['outputs']).toMatchObject([{ data: output }]);
    },
  );
});
