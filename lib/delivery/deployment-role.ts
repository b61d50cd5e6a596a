import { ArnFormat, Stack } from 'aws-cdk-lib';
import type * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** What CodeDeploy does to the alias. The managed policy allows the same on every function of the account, and S3. */
const ALIAS_ACTIONS = ['lambda:GetAlias', 'lambda:GetProvisionedConcurrencyConfig', 'lambda:UpdateAlias'];

/** The role with which CodeDeploy shifts one alias: it may move that alias, call that hook and read those alarms. */
export class DeploymentRole extends Construct {
  public readonly role: iam.Role;
  /** What has to be there before the alias is moved. */
  public readonly policy: iam.Policy;

  constructor(scope: Construct, id: string, application: codedeploy.ILambdaApplication, alias: lambda.Alias) {
    super(scope, id);
    const stack = Stack.of(this);
    this.role = new iam.Role(this, 'Role', {
      description: 'Lets CodeDeploy shift the traffic of one function',
      assumedBy: new iam.ServicePrincipal('codedeploy.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          StringLike: {
            'aws:SourceArn': stack.formatArn({
              service: 'codedeploy',
              resource: 'deploymentgroup',
              resourceName: `${application.applicationName}/*`,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    });
    const { functionArn } = alias.lambda;
    this.policy = new iam.Policy(this, 'Policy', {
      roles: [this.role],
      statements: [
        new iam.PolicyStatement({
          actions: ALIAS_ACTIONS,
          // Lambda decides about aliases by the function's ARN, and about provisioned concurrency by the alias's. That
          // one is written out: the alias itself waits for this policy.
          resources: [functionArn, `${functionArn}:${alias.aliasName}`],
        }),
      ],
    });
  }

  public allowHook(hook: lambda.IFunction): void {
    this.allow('lambda:InvokeFunction', hook.functionArn);
  }

  public allowAlarm(alarmArn: string): void {
    this.allow('cloudwatch:DescribeAlarms', alarmArn);
  }

  private allow(action: string, resource: string): void {
    this.policy.addStatements(new iam.PolicyStatement({ actions: [action], resources: [resource] }));
  }
}
