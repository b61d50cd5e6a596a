import type { Call, Check, Need, Suite } from './check.ts';
import { SUITES } from './checks/all.ts';
import type { Reference } from './references.ts';
import { findModels, ModelMissingError, ServerUnderTest } from './server-under-test.ts';

/** What became of one check. */
export interface CheckResult {
  readonly suite: string;
  readonly title: string;
  readonly need: Need;
  readonly reference: Reference;
  /** `skipped`: the server lacks the model. */
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly reason?: string;
  readonly durationMs: number;
}

export interface RunOptions {
  readonly call: Call;
  /** Stands before the name of each model on the server. */
  readonly modelPrefix?: string;
  readonly needs: readonly Need[];
  /** Checks that run at the same time. */
  readonly concurrency: number;
}

/** Runs every check of the needs asked for; results in the order of the suites. @throws what the first request throws */
export async function runSuite({
  call,
  modelPrefix = '',
  needs,
  concurrency,
}: RunOptions): Promise<CheckResult[]> {
  const server = new ServerUnderTest(call, modelPrefix, await findModels(call, modelPrefix));
  const checks = SUITES.flatMap((suite) =>
    suite.checks.filter(({ need }) => needs.includes(need)).map((check) => ({ suite, check })),
  );
  const results: CheckResult[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < checks.length; index = next++) {
      const { suite, check } = checks[index] as (typeof checks)[number];
      results[index] = await runCheck(suite, check, server);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return results;
}

async function runCheck(suite: Suite, check: Check, server: ServerUnderTest): Promise<CheckResult> {
  const { title, need } = check;
  const started = performance.now();
  const outcome = await outcomeOf(check, server);
  return {
    suite: suite.title,
    title,
    need,
    reference: check.reference ?? suite.reference,
    ...outcome,
    durationMs: Math.round(performance.now() - started),
  };
}

async function outcomeOf(
  check: Check,
  server: ServerUnderTest,
): Promise<Pick<CheckResult, 'status' | 'reason'>> {
  try {
    await check.run(server);
    return { status: 'passed' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { status: error instanceof ModelMissingError ? 'skipped' : 'failed', reason };
  }
}
