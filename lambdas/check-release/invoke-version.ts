import { setTimeout } from 'node:timers/promises';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Invocation } from './release-check.ts';

/** Invokes a version and waits for its result. Rejects when Lambda did not invoke it. */
export type InvokeVersion = (versionArn: string, event: unknown) => Promise<Invocation>;

/**
 * What passes by itself soon after a version was published: permission to invoke it takes seconds to be known
 * everywhere, and Lambda may still be preparing the version.
 */
const PASSING = new Set(['AccessDeniedException', 'ResourceConflictException', 'TooManyRequestsException']);

export interface PatienceOptions {
  /** How often to try. */
  readonly attempts: number;
  readonly pauseMs: number;
}

/** Half a minute. */
const PATIENCE: PatienceOptions = { attempts: 7, pauseMs: 5_000 };

export function versionInvoker(
  client: Pick<LambdaClient, 'send'>,
  { attempts, pauseMs }: PatienceOptions = PATIENCE,
): InvokeVersion {
  return async function invoke(versionArn, event) {
    for (let attempt = 1; ; attempt++) {
      try {
        const { Payload, FunctionError } = await client.send(
          new InvokeCommand({ FunctionName: versionArn, Payload: JSON.stringify(event) }),
        );
        return {
          payload: JSON.parse(Payload?.transformToString() || 'null'),
          failed: FunctionError !== undefined,
        };
      } catch (error) {
        if (attempt >= attempts || !PASSING.has((error as Error).name)) throw error;
        await setTimeout(pauseMs);
      }
    }
  };
}
