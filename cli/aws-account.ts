import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { type AwsTarget, sts } from '../aws/clients.ts';
import { InvalidInputError } from '../core/errors.ts';
import type { Terminal } from './terminal.ts';

/** Options of commands that work in an AWS account instead of with a deployment. */
export interface AccountOptions {
  readonly region?: string;
  readonly profile?: string;
  readonly json?: boolean;
}

/** Who calls AWS, and where. */
export interface Caller {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly arn: string;
}

/** Region of an emulator when nobody names one. */
const EMULATOR_REGION = 'us-east-1';

/** Where the SDK and the CDK are to look: an emulator when AWS_ENDPOINT_URL names one, otherwise AWS. */
export function awsTarget(
  { region, profile }: AccountOptions,
  { environment }: Pick<Terminal, 'environment'>,
): AwsTarget {
  const awsEndpoint = environment['AWS_ENDPOINT_URL'];
  if (!awsEndpoint) {
    return { region, profile };
  }
  const named = region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'];
  return { region: named ?? EMULATOR_REGION, awsEndpoint };
}

/**
 * Does what needs a region.
 * @throws StrataError `AWS_REGION_MISSING` when it comes from a profile that does not exist or names none: the SDK tells
 *   only that there is no region, whatever was wrong with the profile
 */
export async function inRegion<T>({ region, profile }: AwsTarget, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (region !== undefined || profile === undefined || (cause as Error).message !== 'Region is missing') {
      throw cause;
    }
    throw new InvalidInputError(
      'AWS_REGION_MISSING',
      `The AWS profile ${JSON.stringify(profile)} does not exist or names no region: \`aws configure list-profiles\` lists what there is, --region names a region.`,
      { cause },
    );
  }
}

/** Asks AWS who is calling; needs no permission. Fails as the SDK does without credentials or a region. */
export async function callerOf(target: AwsTarget): Promise<Caller> {
  const client = sts(target);
  const region = await inRegion(target, () => client.config.region());
  const { Account = '', Arn = '' } = await client.send(new GetCallerIdentityCommand({}));
  return { account: Account, region, arn: Arn };
}
