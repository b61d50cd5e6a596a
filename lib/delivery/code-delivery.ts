import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { StrataConstructError } from '../private/errors';
import { DeploymentRole } from './deployment-role';
import { faultsAlarm } from './faults-alarm';
import { TrafficShift } from './traffic-shift';

/** Source: CodeDeploy quotas, alarms of a deployment group. */
const MAX_ALARMS = 10;

/** Properties of the delivery of a function's code. */
export interface CodeDeliveryProps {
  /** The alias that callers use. It has to be in the same stack. */
  readonly alias: lambda.Alias;

  /**
   * How traffic moves to a new version.
   * @default TrafficShift.canary(10, Duration.minutes(5))
   */
  readonly shift?: TrafficShift;

  /**
   * Runs before a new version gets traffic, and tells CodeDeploy whether it may. The alias waits for it and for its
   * permissions, so that it must refer to the version, not to the alias.
   * @default - none
   */
  readonly preTrafficHook?: lambda.IFunction;

  /**
   * Counts what a new version must not do. One in a minute ends the release. It should count the new version only:
   * faults of the old one would keep its repair from being released.
   * @default - errors that Lambda counts for the new version of the alias
   */
  readonly faults?: cloudwatch.IMetric;
}

/**
 * Releases new versions of a function with CodeDeploy: a check before traffic, then a part of the traffic, then the
 * rest. When the check fails, an alarm goes off or somebody stops the deployment, all traffic goes back to the version
 * before, and the CloudFormation update with it.
 *
 * @example
 * const delivery = new CodeDelivery(this, 'Delivery', {
 *   alias: new lambda.Alias(this, 'Live', { aliasName: 'live', version: handler.currentVersion }),
 *   shift: TrafficShift.linear(10, Duration.minutes(1)),
 * });
 * delivery.addAlarm(latencyAlarm);
 */
export class CodeDelivery extends Construct {
  public readonly deploymentGroup: codedeploy.LambdaDeploymentGroup;
  /** Goes off when the new version fails. */
  public readonly faultsAlarm: cloudwatch.Alarm;

  private readonly role: DeploymentRole;
  private alarms = 0;

  constructor(scope: Construct, id: string, props: CodeDeliveryProps) {
    super(scope, id);
    const { alias, preTrafficHook } = props;
    const application = applicationOf(this);
    this.role = new DeploymentRole(this, 'Role', application, alias);
    this.deploymentGroup = new codedeploy.LambdaDeploymentGroup(this, 'Resource', {
      application,
      alias,
      // Its permissions are complete; the group would add a managed policy for all functions of the account.
      role: this.role.role.withoutPolicyUpdates(),
      deploymentConfig: (props.shift ?? TrafficShift.canary(10, Duration.minutes(5)))._bind(this),
      preHook: preTrafficHook,
      autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
    });
    if (preTrafficHook) this.role.allowHook(preTrafficHook);
    this.faultsAlarm = faultsAlarm(this, 'Faults', props.faults ?? errorsOfNewVersion(alias));
    this.addAlarm(this.faultsAlarm);
    const aliasResource = alias.node.defaultChild as lambda.CfnAlias;
    aliasResource.node.addDependency(this.role.policy, this.deploymentGroup);
    // CodeDeploy calls the hook while the alias is updated: by then it has to have its code and its permissions.
    if (preTrafficHook) aliasResource.node.addDependency(preTrafficHook);
  }

  /**
   * Ends a release, and takes it back, when this alarm goes off while traffic is shifted.
   * @param alarm an alarm on a metric; no composite alarm
   */
  public addAlarm(alarm: cloudwatch.IAlarm): void {
    if (alarm instanceof cloudwatch.CompositeAlarm) {
      throw new StrataConstructError(
        'COMPOSITE_ALARM',
        `${alarm.node.path}: to read a composite alarm CodeDeploy needs to read all alarms of the account. Add the alarms that it is made of`,
      );
    }
    if (this.alarms === MAX_ALARMS) {
      throw new StrataConstructError(
        'TOO_MANY_ALARMS',
        `${alarm.node.path}: CodeDeploy watches ${MAX_ALARMS} alarms of a deployment group at most`,
      );
    }
    this.alarms += 1;
    this.deploymentGroup.addAlarm(alarm);
    this.role.allowAlarm(alarm.alarmArn);
  }
}

/** Lambda counts by executed version while an alias has two. */
function errorsOfNewVersion({ lambda: handler, aliasName, version }: lambda.Alias): cloudwatch.Metric {
  return handler.metricErrors({
    period: Duration.minutes(1),
    dimensionsMap: {
      FunctionName: handler.functionName,
      Resource: `${handler.functionName}:${aliasName}`,
      ExecutedVersion: version.version,
    },
  });
}

/** The one CodeDeploy application of a stack. */
function applicationOf(scope: Construct): codedeploy.ILambdaApplication {
  const stack = Stack.of(scope);
  const id = 'StrataCode';
  const existing = stack.node.tryFindChild(id) as codedeploy.LambdaApplication | undefined;
  return existing ?? new codedeploy.LambdaApplication(stack, id);
}
