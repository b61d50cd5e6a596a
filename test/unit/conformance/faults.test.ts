import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../../conformance/check.ts';
import { SUITES } from '../../../conformance/checks/all.ts';
import { httpCall } from '../../../conformance/http-call.ts';
import { MODELS } from '../../../conformance/models.ts';
import { ServerUnderTest } from '../../../conformance/server-under-test.ts';
import { FAULTS } from './faults.ts';
import { startTestServer, type TestServer } from './test-server.ts';

const CHECKS = new Map<string, Check>(
  SUITES.flatMap((suite) => suite.checks.map((check) => [`${suite.title}: ${check.title}`, check] as const)),
);

describe('a server with a fault', () => {
  let server: TestServer;
  let underTest: ServerUnderTest;

  beforeAll(async () => {
    server = await startTestServer();
    underTest = new ServerUnderTest(httpCall(server.url), '', MODELS.keys());
  });
  afterAll(() => server.stop());

  it.each(FAULTS)('that %s is noticed by "%s"', async (_title, name, fault) => {
    const check = CHECKS.get(name);
    expect(check, `there is a check "${name}"`).toBeDefined();
    server.plant();
    await expect(check?.run(underTest)).resolves.toBeUndefined();
    server.plant(fault);
    await expect(check?.run(underTest)).rejects.toBeInstanceOf(Error);
  });
});
