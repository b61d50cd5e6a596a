import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { totalCost } from '../../../../core/cost/cost-line.ts';
import { idleCost, type TemplateResource } from '../../../../core/cost/idle.ts';

const alarm = (properties: Record<string, unknown> = { MetricName: 'Errors', Period: 60 }) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: properties,
});
const query = (Id: string) => ({ Id, MetricStat: { Stat: 'Sum' } });

const RESOURCES: readonly TemplateResource[] = [
  alarm(),
  { Type: 'AWS::CloudWatch::Dashboard' },
  { Type: 'AWS::KMS::Key' },
  { Type: 'AWS::Lambda::Function' },
  { Type: 'AWS::S3::Bucket' },
  { Type: 'AWS::Cognito::UserPoolClient', Properties: { AllowedOAuthFlows: ['client_credentials'] } },
  { Type: 'AWS::Kinesis::Stream', Properties: { ShardCount: 2 } },
];

describe('the cost of resources that nobody uses', () => {
  it('is nothing for what is paid for by use', () => {
    const byUse = [
      'AWS::Lambda::Function',
      'AWS::DynamoDB::Table',
      'AWS::S3::Bucket',
      'AWS::ApiGateway::RestApi',
    ];
    expect(idleCost(byUse.map((Type) => ({ Type })))).toEqual([]);
  });

  it('counts what is rented by the month, the dearest position first', () => {
    const lines = idleCost([
      alarm(),
      alarm(),
      { Type: 'AWS::KMS::Key' },
      { Type: 'AWS::CloudWatch::Dashboard' },
    ]);
    expect(lines).toEqual([
      { what: 'Dashboards', price: 'dashboard', quantity: 1, dollars: 3 },
      { what: 'Encryption keys', price: 'key', quantity: 1, dollars: 1 },
      { what: 'Alarms', price: 'alarm', quantity: 2, dollars: 0.2 },
    ]);
  });

  it('counts app clients of machines, not those of people', () => {
    const client = (flows?: string[]) => ({
      Type: 'AWS::Cognito::UserPoolClient',
      Properties: flows && { AllowedOAuthFlows: flows },
    });
    expect(totalCost(idleCost([client(), client(['code'])]))).toBe(0);
    expect(totalCost(idleCost([client(['client_credentials'])]))).toBe(6);
  });

  it.each([
    ['one metric', alarm(), 1],
    ['metric math over two metrics', alarm({ Metrics: [query('a'), query('b'), { Expression: 'a/b' }] }), 2],
    ['an anomaly band', alarm({ Metrics: [query('a'), { Expression: 'ANOMALY_DETECTION_BAND(a, 2)' }] }), 3],
  ])('counts an alarm by the metrics that it watches: %s', (_, resource, metrics) => {
    expect(idleCost([resource])).toMatchObject([{ what: 'Alarms', quantity: metrics }]);
  });

  it('knows alarms that look every ten seconds', () => {
    expect(idleCost([alarm({ MetricName: 'Errors', Period: 10 })])).toMatchObject([
      { price: 'highResolutionAlarm', dollars: 0.3 },
    ]);
  });

  it('counts the hours of a stream', () => {
    const onDemand = idleCost([{ Type: 'AWS::Kinesis::Stream' }]);
    expect(totalCost(onDemand)).toBeCloseTo(0.04 * 730);
  });

  it('refuses a type of which it knows nothing, rather than calling it free', () => {
    const unknown = () => idleCost([{ Type: 'AWS::RDS::DBInstance' }]);
    expect(unknown).toThrow(expect.objectContaining({ code: 'UNPRICED_RESOURCE' }));
    expect(unknown).toThrow(/AWS::RDS::DBInstance/);
  });

  it('of two stacks is the sum of theirs', () => {
    const stacks = fc.array(fc.constantFrom(...RESOURCES));
    fc.assert(
      fc.property(stacks, stacks, (one, other) => {
        const together = totalCost(idleCost([...one, ...other]));
        expect(together).toBeCloseTo(totalCost(idleCost(one)) + totalCost(idleCost(other)), 6);
      }),
    );
  });
});
