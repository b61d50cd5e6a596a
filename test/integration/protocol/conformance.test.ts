import { beforeAll, describe, expect, inject, it } from 'vitest';
import { token } from '../../support/deployment.ts';
import type { Call } from './check.ts';
import { SUITES } from './checks/all.ts';
import { httpCall } from './http-call.ts';
import { registerCheckedModels } from './models.ts';

const deployment = inject('deployment');

describe('the deployed endpoint speaks the Open Inference Protocol', () => {
  let call: Call;

  beforeAll(async () => {
    await registerCheckedModels(deployment);
    call = httpCall(deployment.endpoint, { authorization: `Bearer ${await token(['infer'])}` });
  }, 120_000);

  describe.each(SUITES)('$title', ({ checks }) => {
    it.concurrent.each(checks.map(({ name, run }) => [name, run] as const))('%s', async (_name, run) => {
      expect(await run(call)).toBeUndefined();
    });
  });
});
