import { Token } from 'aws-cdk-lib';

/** Runs a check on a value that is known at synthesis; a token is left for CloudFormation to judge. */
export function ifResolved<T>(value: T | undefined, check: (value: T) => void): void {
  if (value !== undefined && !Token.isUnresolved(value)) check(value);
}
