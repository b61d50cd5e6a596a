import { Duration, Lazy, type Stack, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Access,
  CodeDelivery,
  type CodeDeliveryProps,
  Gateway,
  ModelPlatform,
  Monitoring,
  Serving,
  Severity,
  TrafficShift,
} from '../../../lib';
import { synth, testStack } from '../../support/synth';

type Properties = Record<string, unknown>;

function aliasIn(stack: Stack, id = 'Function'): lambda.Alias {
  const handler = new lambda.Function(stack, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => {}'),
  });
  return new lambda.Alias(stack, `${id}Live`, { aliasName: 'live', version: handler.currentVersion });
}

function delivery(
  props: (stack: Stack) => Omit<CodeDeliveryProps, 'alias'> = () => ({}),
  more: (delivery: CodeDelivery, stack: Stack) => void = () => {},
): Template {
  return synth((stack) => {
    more(new CodeDelivery(stack, 'Delivery', { alias: aliasIn(stack), ...props(stack) }), stack);
  });
}

const alarmIn = (stack: Stack, id: string) =>
  new cloudwatch.Alarm(stack, id, {
    metric: new cloudwatch.Metric({ namespace: 'Test', metricName: id }),
    threshold: 1,
    evaluationPeriods: 1,
  });

/** The only resource of a type: its logical id and the whole of it. */
function only(template: Template, type: string): [string, { Properties: Properties } & Properties] {
  const found = Object.entries(template.findResources(type));
  expect(found).toHaveLength(1);
  return found[0] as [string, { Properties: Properties } & Properties];
}

function platform(codeShift?: TrafficShift): Template {
  return synth((stack) => void new ModelPlatform(stack, 'Platform', { codeShift }));
}

describe('a delivery by default', () => {
  const template = delivery();
  const [group] = only(template, 'AWS::CodeDeploy::DeploymentGroup');
  const [application] = only(template, 'AWS::CodeDeploy::Application');

  it('gives a tenth of the traffic to a new version, and the rest five minutes later', () => {
    template.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
      DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
      DeploymentStyle: { DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' },
    });
    template.hasResource('AWS::Lambda::Alias', {
      UpdatePolicy: {
        CodeDeployLambdaAliasUpdate: {
          ApplicationName: { Ref: application },
          DeploymentGroupName: { Ref: group },
          BeforeAllowTrafficHook: Match.absent(),
        },
      },
    });
  });

  it('goes back when it fails, is stopped, or an alarm goes off', () => {
    template.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST', 'DEPLOYMENT_STOP_ON_ALARM'],
      },
    });
  });

  it('watches the errors of the new version alone', () => {
    const [alarm] = only(template, 'AWS::CloudWatch::Alarm');
    const [version] = only(template, 'AWS::Lambda::Version');
    template.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
      AlarmConfiguration: { Alarms: [{ Name: { Ref: alarm } }], Enabled: true },
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      Dimensions: Match.arrayWith([
        { Name: 'ExecutedVersion', Value: { 'Fn::GetAtt': [version, 'Version'] } },
        { Name: 'Resource', Value: { 'Fn::Join': ['', [Match.anyValue(), ':live']] } },
      ]),
    });
  });

  it('is in place, with its permissions, before the alias moves', () => {
    const [, alias] = only(template, 'AWS::Lambda::Alias');
    const [policy] = only(template, 'AWS::IAM::Policy');
    expect(alias['DependsOn']).toEqual(expect.arrayContaining([group, policy]));
  });

  it('lets CodeDeploy move this alias and read this alarm, and nothing else', () => {
    const [, { Properties }] = only(template, 'AWS::IAM::Policy');
    const [alarm] = only(template, 'AWS::CloudWatch::Alarm');
    const [handler] = only(template, 'AWS::Lambda::Function');
    const arn = { 'Fn::GetAtt': [handler, 'Arn'] };
    expect((Properties['PolicyDocument'] as { Statement: unknown }).Statement).toEqual([
      {
        Action: ['lambda:GetAlias', 'lambda:GetProvisionedConcurrencyConfig', 'lambda:UpdateAlias'],
        Effect: 'Allow',
        Resource: [arn, { 'Fn::Join': ['', [arn, ':live']] }],
      },
      {
        Action: 'cloudwatch:DescribeAlarms',
        Effect: 'Allow',
        Resource: { 'Fn::GetAtt': [alarm, 'Arn'] },
      },
    ]);
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: Match.objectLike({
        Statement: [Match.objectLike({ Principal: { Service: 'codedeploy.amazonaws.com' } })],
      }),
      ManagedPolicyArns: Match.absent(),
    });
  });

  it('is done by CodeDeploy for this application of this account only', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: Match.objectLike({
        Statement: [
          Match.objectLike({
            Condition: {
              StringEquals: { 'aws:SourceAccount': '123456789012' },
              StringLike: {
                'aws:SourceArn': {
                  'Fn::Join': [
                    '',
                    [
                      'arn:aws:codedeploy:eu-west-1:123456789012:deploymentgroup:',
                      { Ref: application },
                      '/*',
                    ],
                  ],
                },
              },
            },
          }),
        ],
      }),
    });
  });
});

describe('a delivery with settings', () => {
  it('asks a hook before traffic, which may tell CodeDeploy its verdict', () => {
    const template = delivery((stack) => ({ preTrafficHook: aliasIn(stack, 'Hook').lambda }));
    const [group] = only(template, 'AWS::CodeDeploy::DeploymentGroup');
    template.hasResource('AWS::Lambda::Alias', {
      UpdatePolicy: {
        CodeDeployLambdaAliasUpdate: Match.objectLike({
          BeforeAllowTrafficHook: { Ref: Match.stringLikeRegexp('^Hook') },
        }),
      },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'lambda:InvokeFunction',
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Hook'), 'Arn'] },
          }),
        ]),
      }),
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: Match.objectLike({
        Statement: [
          Match.objectLike({
            Action: 'codedeploy:PutLifecycleEventHookExecutionStatus',
            Resource: { 'Fn::Join': ['', Match.arrayWith([{ Ref: group }])] },
          }),
        ],
      }),
    });
  });

  it('moves the alias only when the hook is there and may do its work', () => {
    const template = delivery((stack) => ({ preTrafficHook: aliasIn(stack, 'Hook').lambda }));
    const [, alias] = Object.entries(template.findResources('AWS::Lambda::Alias')).find(([id]) =>
      id.startsWith('Function'),
    ) as [string, { DependsOn: string[] }];
    const [policy] = Object.keys(template.findResources('AWS::IAM::Policy')).filter((id) =>
      id.startsWith('Hook'),
    );
    expect(policy).toBeDefined();
    expect(alias.DependsOn).toEqual(expect.arrayContaining([policy, expect.stringMatching(/^Hook/)]));
  });

  it('ends a release by other alarms, too, and may read them', () => {
    const template = delivery(undefined, (made, stack) => made.addAlarm(alarmIn(stack, 'Latency')));
    const latency = { Ref: Match.stringLikeRegexp('^Latency') };
    template.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
      AlarmConfiguration: { Alarms: [Match.anyValue(), { Name: latency }] },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'cloudwatch:DescribeAlarms',
            Resource: Match.arrayWith([{ 'Fn::GetAtt': [Match.stringLikeRegexp('^Latency'), 'Arn'] }]),
          }),
        ]),
      }),
    });
  });

  it('counts faults by the metric given instead of by Lambda’s errors', () => {
    const faults = new cloudwatch.Metric({ namespace: 'Mine', metricName: 'Faults' });
    const template = delivery(() => ({ faults }));
    template.resourceCountIs('AWS::CloudWatch::Alarm', 1);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { Namespace: 'Mine', MetricName: 'Faults' });
  });

  it('has one application with others of its stack', () => {
    const template = synth((stack) => {
      new CodeDelivery(stack, 'First', { alias: aliasIn(stack, 'A') });
      new CodeDelivery(stack, 'Second', { alias: aliasIn(stack, 'B') });
    });
    template.resourceCountIs('AWS::CodeDeploy::Application', 1);
    template.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', 2);
  });

  it('fails with a composite alarm, which CodeDeploy could read only with all alarms of the account', () => {
    expect(() =>
      delivery(undefined, (made, stack) => {
        const alarmRule = cloudwatch.AlarmRule.fromAlarm(alarmIn(stack, 'One'), cloudwatch.AlarmState.ALARM);
        made.addAlarm(new cloudwatch.CompositeAlarm(stack, 'Composite', { alarmRule }));
      }),
    ).toThrow(/COMPOSITE_ALARM.*Composite/);
  });

  it('fails with more alarms than CodeDeploy watches', () => {
    const add = (count: number) => () =>
      delivery(undefined, (made, stack) => {
        for (let i = 0; i < count; i++) made.addAlarm(alarmIn(stack, `Alarm${i}`));
      });
    expect(add(9)).not.toThrow();
    expect(add(10)).toThrow(/TOO_MANY_ALARMS.*Alarm9/);
  });
});

describe('a shift', () => {
  const configOf = (shift: TrafficShift): unknown => {
    const template = delivery(() => ({ shift }));
    const [own] = Object.values(template.findResources('AWS::CodeDeploy::DeploymentConfig'));
    const [, group] = only(template, 'AWS::CodeDeploy::DeploymentGroup');
    return own?.Properties.TrafficRoutingConfig ?? group.Properties['DeploymentConfigName'];
  };

  it.each<[string, TrafficShift, string]>([
    ['all at once', TrafficShift.allAtOnce(), 'LambdaAllAtOnce'],
    ['canary', TrafficShift.canary(10, Duration.minutes(30)), 'LambdaCanary10Percent30Minutes'],
    ['canary, in seconds', TrafficShift.canary(10, Duration.seconds(300)), 'LambdaCanary10Percent5Minutes'],
    ['linear', TrafficShift.linear(10, Duration.minutes(1)), 'LambdaLinear10PercentEvery1Minute'],
  ])('that CodeDeploy has ready needs no configuration of its own: %s', (_name, shift, name) => {
    expect(configOf(shift)).toBe(`CodeDeployDefault.${name}`);
  });

  it('of any other part and time has a configuration of its own', () => {
    expect(configOf(TrafficShift.canary(5, Duration.hours(1)))).toEqual({
      Type: 'TimeBasedCanary',
      TimeBasedCanary: { CanaryInterval: 60, CanaryPercentage: 5 },
    });
    expect(configOf(TrafficShift.linear(20, Duration.minutes(2)))).toEqual({
      Type: 'TimeBasedLinear',
      TimeBasedLinear: { LinearInterval: 2, LinearPercentage: 20 },
    });
  });

  it.each([0, 100, -1, 12.5, Number.NaN])('fails with %d percent', (percent) => {
    const minute = Duration.minutes(1);
    expect(() => TrafficShift.canary(percent, minute)).toThrow('INVALID_SHIFT_PERCENT');
    expect(() => TrafficShift.linear(percent, minute)).toThrow('INVALID_SHIFT_PERCENT');
  });

  it.each([Duration.seconds(0), Duration.seconds(90), Duration.millis(1)])(
    'fails with steps of %s',
    (interval) => {
      expect(() => TrafficShift.canary(10, interval)).toThrow('INVALID_SHIFT_INTERVAL');
      expect(() => TrafficShift.linear(10, interval)).toThrow('INVALID_SHIFT_INTERVAL');
    },
  );

  const isRefused = (shift: () => TrafficShift): boolean => {
    try {
      shift();
      return false;
    } catch (error) {
      return String(error).includes('SHIFT_TOO_LONG');
    }
  };

  it('may take as long as CloudFormation waits for it, and not longer', () => {
    const step = fc.record({
      percent: fc.integer({ min: 1, max: 99 }),
      minutes: fc.integer({ min: 1, max: 4000 }),
    });
    fc.assert(
      fc.property(step, ({ percent, minutes }) => {
        const length = (Math.ceil(100 / percent) - 1) * minutes;
        const wait = Duration.minutes(minutes);
        expect(isRefused(() => TrafficShift.linear(percent, wait))).toBe(length > 33 * 60);
        expect(isRefused(() => TrafficShift.canary(percent, wait))).toBe(minutes > 33 * 60);
      }),
    );
  });

  it('takes values that only CloudFormation knows', () => {
    const percent = Token.asNumber(Lazy.any({ produce: () => ({ Ref: 'Percent' }) }));
    const wait = Duration.minutes(Token.asNumber(Lazy.any({ produce: () => ({ Ref: 'Minutes' }) })));
    expect(configOf(TrafficShift.canary(percent, wait))).toEqual({
      Type: 'TimeBasedCanary',
      TimeBasedCanary: { CanaryInterval: { Ref: 'Minutes' }, CanaryPercentage: { Ref: 'Percent' } },
    });
    expect(() => TrafficShift.linear(percent, Duration.minutes(2))).not.toThrow();
    expect(() => TrafficShift.linear(10, wait)).not.toThrow();
  });
});

describe('the functions of a request', () => {
  const template = platform();
  const aliases = template.findResources('AWS::Lambda::Alias');
  const named = (name: string) => Object.entries(aliases).find(([id]) => id.includes(name))?.[1];
  const functions = template.findResources('AWS::Lambda::Function');

  it.each([
    ['Infer', 'inference'],
    ['Authorize', 'refusal'],
    ['Api', 'registry'],
  ])('%s is shifted by CodeDeploy once its new version has passed the check "%s"', (name, check) => {
    const alias = named(name);
    const hook: string = alias?.UpdatePolicy.CodeDeployLambdaAliasUpdate.BeforeAllowTrafficHook.Ref;
    const variables = functions[hook]?.Properties.Environment.Variables;
    expect(variables.STRATA_RELEASE_CHECK).toBe(check);
    const [version] = alias?.Properties.FunctionVersion['Fn::GetAtt'] ?? [];
    expect(variables.STRATA_RELEASE_VERSION).toEqual({ Ref: version });
  });

  it('and no others are: the rest goes all at once', () => {
    const shifted = Object.keys(aliases).filter((id) => aliases[id]?.UpdatePolicy);
    expect(shifted).toHaveLength(3);
    expect(Object.keys(aliases).length).toBeGreaterThanOrEqual(3);
    template.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', 3);
  });

  it('have hooks that may call the new version and answer CodeDeploy, and nothing else', () => {
    const hooks = Object.entries(functions).filter(
      ([, { Properties }]) => Properties.Environment?.Variables?.STRATA_RELEASE_CHECK,
    );
    expect(hooks).toHaveLength(3);
    for (const [, { Properties }] of hooks) {
      const role = Properties.Role['Fn::GetAtt'][0];
      const [policy] = Object.values(template.findResources('AWS::IAM::Policy')).filter(
        ({ Properties: { Roles } }) => Roles[0].Ref === role,
      );
      const statements: { Action: string | string[]; Resource: unknown }[] =
        policy?.Properties.PolicyDocument.Statement;
      expect(statements.flatMap(({ Action }) => Action).sort()).toEqual([
        'codedeploy:PutLifecycleEventHookExecutionStatus',
        'lambda:InvokeFunction',
        'logs:CreateLogStream',
        'logs:PutLogEvents',
        'xray:PutTelemetryRecords',
        'xray:PutTraceSegments',
      ]);
      const invoke = statements.find(({ Action }) => Action === 'lambda:InvokeFunction');
      expect(invoke?.Resource).toEqual(Properties.Environment.Variables.STRATA_RELEASE_VERSION);
    }
  });

  it('have hooks without versions: each release would leave one behind', () => {
    for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Version'))) {
      expect(JSON.stringify(Properties.FunctionName)).not.toContain('Check');
    }
  });

  it('are called by their aliases only', () => {
    const callers = [
      ...Object.values(template.findResources('AWS::ApiGateway::Method')).flatMap(
        ({ Properties }) => Properties.Integration.Uri ?? [],
      ),
      ...Object.values(template.findResources('AWS::ApiGateway::Authorizer')).map(
        ({ Properties }) => Properties.AuthorizerUri,
      ),
      ...Object.values(template.findResources('AWS::Lambda::Permission')).map(
        ({ Properties }) => Properties.FunctionName,
      ),
    ];
    expect(callers.length).toBeGreaterThan(3);
    const called = callers.map((caller) => JSON.stringify(caller));
    const naming = (ids: string[]) => called.filter((text) => ids.some((id) => text.includes(`"${id}"`)));
    expect(naming(Object.keys(aliases))).toEqual(called);
    expect(naming(Object.keys(functions))).toEqual([]);
  });

  it('are watched by what they say of themselves, all but authorize by Lambda’s errors as well', () => {
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm'))
      .map(({ Properties }) => Properties)
      .filter(({ Dimensions }) => JSON.stringify(Dimensions).match(/ExecutedVersion|function_version/))
      .map(({ MetricName, Dimensions }) => {
        const service = Dimensions.find(({ Name }: { Name: string }) => Name === 'service');
        return `${MetricName} ${service?.Value ?? ''}`.trim();
      });
    // Throwing is how an authorizer refuses: Lambda would count each bad token as an error.
    expect(alarms.sort()).toEqual([
      'Errors',
      'Errors',
      'VersionFault authorize',
      'VersionFault infer',
      'VersionFault registry-api',
    ]);
  });

  it('have hooks that are there, with their permissions, before the alias moves', () => {
    const policies = template.findResources('AWS::IAM::Policy');
    for (const name of ['Infer', 'Authorize', 'Api']) {
      const alias = named(name);
      const hook: string = alias?.UpdatePolicy.CodeDeployLambdaAliasUpdate.BeforeAllowTrafficHook.Ref;
      const role = functions[hook]?.Properties.Role['Fn::GetAtt'][0];
      const [policy] = Object.keys(policies).filter((id) => policies[id]?.Properties.Roles[0].Ref === role);
      expect(functions[hook]?.['DependsOn']).toContain(policy);
      expect(alias?.['DependsOn']).toContain(hook);
    }
  });

  it('take another shift', () => {
    const groups = platform(TrafficShift.allAtOnce()).findResources('AWS::CodeDeploy::DeploymentGroup');
    for (const { Properties } of Object.values(groups)) {
      expect(Properties.DeploymentConfigName).toBe('CodeDeployDefault.LambdaAllAtOnce');
    }
    expect(Object.keys(groups)).toHaveLength(3);
  });

  it('can be watched by every alarm of the platform: none comes after what it watches', () => {
    const watching = (from: number, count: number) => {
      const stack = testStack();
      const accessLogGroup = new logs.LogGroup(stack, 'AccessLog');
      const monitoring = new Monitoring(stack, 'Monitoring');
      const access = Access.cognito(new cognito.UserPool(stack, 'Pool'));
      const gateway = new Gateway(stack, 'Gateway', { access, accessLogGroup, monitoring });
      const serving = new Serving(stack, 'Serving', { gateway, monitoring });
      const alarms = Object.values(Severity).flatMap((severity) => monitoring.alarmsOf(severity));
      for (const alarm of alarms.slice(from, from + count)) {
        serving.delivery.addAlarm(alarm);
        gateway.authorizeDelivery?.addAlarm(alarm);
      }
      // Fails when a resource would have to come before itself.
      Template.fromStack(stack);
      return alarms.length;
    };
    // Beside two of its own, a delivery watches eight.
    const all = watching(0, 8);
    expect(all).toBeGreaterThan(8);
    for (let from = 8; from < all; from += 8) watching(from, 8);
  });

  it('can be watched by all critical alarms of the serving layer at once', () => {
    const stack = testStack();
    const monitoring = new Monitoring(stack, 'Monitoring');
    const { serving } = new ModelPlatform(stack, 'Platform', { monitoring });
    const critical = monitoring.alarmsOf(Severity.CRITICAL).filter((alarm) => alarm.node.scope === serving);
    for (const alarm of critical) serving.delivery.addAlarm(alarm);
    const groups = Template.fromStack(stack).findResources('AWS::CodeDeploy::DeploymentGroup');
    const counts = Object.values(groups).map(({ Properties }) => Properties.AlarmConfiguration.Alarms.length);
    expect(critical.length).toBeGreaterThan(3);
    expect(counts.toSorted((a, b) => a - b)).toEqual([1, 2, critical.length + 2]);
  });

  it('need no token function, and no delivery of it, with AWS signatures', () => {
    const stack = testStack();
    const gateway = new Gateway(stack, 'Gateway');
    expect(gateway.authorizeDelivery).toBeUndefined();
    expect(new Serving(stack, 'Serving', { gateway }).delivery.deploymentGroup).toBeDefined();
  });
});
