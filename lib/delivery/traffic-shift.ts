import type { Duration } from 'aws-cdk-lib';
import * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import type { Construct } from 'constructs';
import { StrataConstructError } from '../private/errors';
import { ifResolved } from '../private/tokens';

/** CloudFormation ends an operation after 36 hours, and a release has its checks and its rollback to do as well. */
const LONGEST_SHIFT_MINUTES = 33 * 60;

const { LambdaDeploymentConfig } = codedeploy;

/** What CodeDeploy has ready, by percent and minutes. */
const READY_CANARIES: Readonly<Record<string, codedeploy.ILambdaDeploymentConfig>> = {
  '10/5': LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
  '10/10': LambdaDeploymentConfig.CANARY_10PERCENT_10MINUTES,
  '10/15': LambdaDeploymentConfig.CANARY_10PERCENT_15MINUTES,
  '10/30': LambdaDeploymentConfig.CANARY_10PERCENT_30MINUTES,
};
const READY_LINEARS: Readonly<Record<string, codedeploy.ILambdaDeploymentConfig>> = {
  '10/1': LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_1MINUTE,
  '10/2': LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_2MINUTES,
  '10/3': LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_3MINUTES,
  '10/10': LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_10MINUTES,
};

/**
 * How traffic moves from one version of a function to the next.
 *
 * @example
 * new Serving(this, 'Serving', { codeShift: TrafficShift.linear(20, Duration.minutes(2)) });
 */
export abstract class TrafficShift {
  /** All traffic at once, after the check before traffic. */
  public static allAtOnce(): TrafficShift {
    return new AllAtOnce();
  }

  /**
   * A part of the traffic first, the rest after a wait.
   * @param percent part that goes first, a whole number from 1 to 99
   * @param wait whole minutes, from one minute to 33 hours
   */
  public static canary(percent: number, wait: Duration): TrafficShift {
    checkStep('canary', percent, wait);
    ifKnown(percent, wait, (_percent, minutes) => checkLength(minutes));
    return new Canary(percent, wait);
  }

  /**
   * Equal parts of the traffic, one after the other.
   * @param percent part that goes in each step, a whole number from 1 to 99
   * @param every time between two steps: whole minutes; 33 hours at most from the first step to the last
   */
  public static linear(percent: number, every: Duration): TrafficShift {
    checkStep('linear', percent, every);
    ifKnown(percent, every, (part, minutes) => checkLength((Math.ceil(100 / part) - 1) * minutes));
    return new Linear(percent, every);
  }

  /** @internal */
  public abstract _bind(scope: Construct): codedeploy.ILambdaDeploymentConfig;
}

class AllAtOnce extends TrafficShift {
  /** @internal */
  public _bind(): codedeploy.ILambdaDeploymentConfig {
    return LambdaDeploymentConfig.ALL_AT_ONCE;
  }
}

class Canary extends TrafficShift {
  constructor(
    private readonly percentage: number,
    private readonly interval: Duration,
  ) {
    super();
  }

  /** @internal */
  public _bind(scope: Construct): codedeploy.ILambdaDeploymentConfig {
    const { percentage, interval } = this;
    const ready = READY_CANARIES[`${percentage}/${interval.toMinutes()}`];
    const trafficRouting = codedeploy.TrafficRouting.timeBasedCanary({ percentage, interval });
    return ready ?? new LambdaDeploymentConfig(scope, 'Shift', { trafficRouting });
  }
}

class Linear extends TrafficShift {
  constructor(
    private readonly percentage: number,
    private readonly interval: Duration,
  ) {
    super();
  }

  /** @internal */
  public _bind(scope: Construct): codedeploy.ILambdaDeploymentConfig {
    const { percentage, interval } = this;
    const ready = READY_LINEARS[`${percentage}/${interval.toMinutes()}`];
    const trafficRouting = codedeploy.TrafficRouting.timeBasedLinear({ percentage, interval });
    return ready ?? new LambdaDeploymentConfig(scope, 'Shift', { trafficRouting });
  }
}

function checkStep(kind: string, percent: number, interval: Duration): void {
  ifResolved(percent, (part) => {
    if (Number.isInteger(part) && part >= 1 && part <= 99) return;
    throw new StrataConstructError(
      'INVALID_SHIFT_PERCENT',
      `${kind}: percent must be a whole number from 1 to 99, got ${part}. For all traffic take allAtOnce()`,
    );
  });
  if (interval.isUnresolved()) return;
  const minutes = interval.toMinutes({ integral: false });
  if (Number.isInteger(minutes) && minutes >= 1) return;
  throw new StrataConstructError(
    'INVALID_SHIFT_INTERVAL',
    `${kind}: CodeDeploy counts in whole minutes, from one on, got ${interval.toHumanString()}`,
  );
}

function checkLength(minutes: number): void {
  if (minutes <= LONGEST_SHIFT_MINUTES) return;
  throw new StrataConstructError(
    'SHIFT_TOO_LONG',
    `the shift would take ${minutes} minutes; CloudFormation does not wait for more than ${LONGEST_SHIFT_MINUTES}. Take larger or more frequent steps`,
  );
}

function ifKnown(percent: number, interval: Duration, check: (percent: number, minutes: number) => void) {
  if (!interval.isUnresolved()) ifResolved(percent, (part) => check(part, interval.toMinutes()));
}
