import { describe, expect, it } from 'vitest';
import beforeAllowTraffic from '../../../../events/check-release/before-allow-traffic.json' with {
  type: 'json',
};
import byHand from '../../../../events/check-release/by-hand.json' with { type: 'json' };
import { checkRelease, type ReleaseEvent } from '../../../../lambdas/check-release/check-release.ts';
import { readEnvironment } from '../../../../lambdas/check-release/environment.ts';
import type { ReleaseCheck } from '../../../../lambdas/check-release/release-check.ts';

const VERSION = 'arn:aws:lambda:eu-west-1:123456789012:function:infer:7';

/** Asks "how are you", and takes "well" for an answer. */
const check: ReleaseCheck = {
  event: 'how are you',
  fault: ({ payload }) => (payload === 'well' ? undefined : `it is ${String(payload)}`),
};

/** Runs the hook on a version that answers like this, and says what CodeDeploy heard. */
async function released(answer: unknown, event: ReleaseEvent = beforeAllowTraffic) {
  const asked: unknown[] = [];
  const heard: unknown[] = [];
  const verdict = await checkRelease(event, {
    version: VERSION,
    check,
    invoke: async (...invocation) => {
      asked.push(invocation);
      if (answer instanceof Error) throw answer;
      return { payload: answer, failed: false };
    },
    report: async (...report) => {
      heard.push(report);
    },
  });
  return { verdict, asked, heard };
}

describe('a release', () => {
  it('succeeds when the version answers as it should', async () => {
    const { verdict, asked, heard } = await released('well');
    expect(asked).toEqual([[VERSION, 'how are you']]);
    expect(verdict).toEqual({ status: 'Succeeded', version: VERSION });
    expect(heard).toEqual([['d-1', 'e-1', 'Succeeded']]);
  });

  it('fails when it answers otherwise', async () => {
    const { verdict, heard } = await released('ill');
    expect(verdict).toEqual({ status: 'Failed', version: VERSION, reason: 'it is ill' });
    expect(heard).toEqual([['d-1', 'e-1', 'Failed']]);
  });

  it('fails when the version cannot be invoked', async () => {
    const { verdict, heard } = await released(Object.assign(new Error(), { name: 'AccessDeniedException' }));
    expect(verdict.reason).toBe('the version could not be invoked: AccessDeniedException');
    expect(heard).toEqual([['d-1', 'e-1', 'Failed']]);
  });

  it('is judged without CodeDeploy when nothing is deployed', async () => {
    const { verdict, heard } = await released('well', byHand);
    expect(verdict.status).toBe('Succeeded');
    expect(heard).toEqual([]);
  });

  it('rejects when CodeDeploy does not hear the verdict, so that the hook is run again', async () => {
    const running = checkRelease(beforeAllowTraffic, {
      version: VERSION,
      check,
      invoke: async () => ({ payload: 'well', failed: false }),
      report: async () => {
        throw new Error('not heard');
      },
    });
    await expect(running).rejects.toThrow('not heard');
  });
});

describe('the environment', () => {
  const variables = { STRATA_RELEASE_CHECK: 'inference', STRATA_RELEASE_VERSION: VERSION };

  it('tells which version is asked what', () => {
    expect(readEnvironment(variables)).toEqual({ check: 'inference', version: VERSION });
  });

  it.each([{ STRATA_RELEASE_CHECK: 'none' }, { STRATA_RELEASE_VERSION: '' }])(
    'fails at once with %j',
    (wrong) => {
      expect(() => readEnvironment({ ...variables, ...wrong })).toThrow('STRATA_RELEASE');
    },
  );
});
