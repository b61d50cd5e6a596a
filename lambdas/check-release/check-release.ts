import type { InvokeVersion } from './invoke-version.ts';
import type { ReleaseCheck } from './release-check.ts';

/** What CodeDeploy sends to a hook. Without the ids the check runs and nobody is told. */
export interface ReleaseEvent {
  readonly DeploymentId?: string;
  readonly LifecycleEventHookExecutionId?: string;
}

/** Whether a version may get traffic. */
export interface Verdict {
  readonly status: 'Succeeded' | 'Failed';
  /** The version that was checked. */
  readonly version: string;
  /** Why it may not. */
  readonly reason?: string;
}

/** Tells CodeDeploy; rejects when it does not hear. */
export type ReportVerdict = (
  deploymentId: string,
  hookExecutionId: string | undefined,
  status: Verdict['status'],
) => Promise<void>;

export interface CheckReleaseDependencies {
  /** ARN of the version that is to be released. */
  readonly version: string;
  readonly check: ReleaseCheck;
  readonly invoke: InvokeVersion;
  readonly report: ReportVerdict;
}

/**
 * Tries a new version before it gets traffic. Whatever goes wrong with the version is a verdict; only a verdict that
 * CodeDeploy does not hear rejects, so that Lambda runs the hook again.
 */
export async function checkRelease(
  event: ReleaseEvent,
  { version, check, invoke, report }: CheckReleaseDependencies,
): Promise<Verdict> {
  const reason = await faultOf(version, check, invoke);
  const verdict: Verdict =
    reason === undefined ? { status: 'Succeeded', version } : { status: 'Failed', version, reason };
  if (event.DeploymentId !== undefined) {
    await report(event.DeploymentId, event.LifecycleEventHookExecutionId, verdict.status);
  }
  return verdict;
}

async function faultOf(
  version: string,
  check: ReleaseCheck,
  invoke: InvokeVersion,
): Promise<string | undefined> {
  try {
    return check.fault(await invoke(version, check.event));
  } catch (error) {
    return `the version could not be invoked: ${(error as Error).name}`;
  }
}
