import { beforeAll, describe, expect, inject, it } from 'vitest';
import { SUITES } from '../../../conformance/checks/all.ts';
import { httpCall } from '../../../conformance/http-call.ts';
import { findModels, ServerUnderTest } from '../../../conformance/server-under-test.ts';
import { token } from '../../support/deployment.ts';
import { registerCheckedModels } from './models.ts';

const deployment = inject('deployment');

describe('the deployed endpoint speaks the Open Inference Protocol', () => {
  let server: ServerUnderTest;

  beforeAll(async () => {
    await registerCheckedModels(deployment);
    const call = httpCall(deployment.endpoint, { authorization: `Bearer ${await token(['infer'])}` });
    server = new ServerUnderTest(call, '', await findModels(call, ''));
  }, 120_000);

  // Every class is required of us, and a model that is missing is a failure.
  describe.each(SUITES)('$title', ({ checks }) => {
    it.concurrent.each(checks.map(({ need, title, run }) => [need, title, run] as const))(
      '%s: %s',
      async (_need, _title, run) => {
        expect(await run(server)).toBeUndefined();
      },
    );
  });
});
