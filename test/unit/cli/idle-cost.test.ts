import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IDLE_PRICES, idleCost, idleCostLine } from '../../../cli/idle-cost.ts';

const of = (...resources: [type: string, properties?: Record<string, unknown>][]) =>
  idleCost([
    {
      Resources: Object.fromEntries(
        resources.map(([Type, Properties], i) => [`R${i}`, { Type, Properties }]),
      ),
    },
  ]);

describe('what a deployment costs when nobody uses it', () => {
  it.each<[string, [string, Record<string, unknown>?], number]>([
    ['a key', ['AWS::KMS::Key'], 1],
    ['an alarm', ['AWS::CloudWatch::Alarm', { MetricName: 'Errors', Period: 60 }], 0.1],
    ['an alarm that looks every ten seconds', ['AWS::CloudWatch::Alarm', { Period: 10 }], 0.3],
    [
      'an alarm on two metrics',
      [
        'AWS::CloudWatch::Alarm',
        { Metrics: [{ MetricStat: {} }, { MetricStat: {} }, { Expression: 'a/b' }] },
      ],
      0.2,
    ],
    [
      'a stream on demand',
      ['AWS::Kinesis::Stream', { StreamModeDetails: { StreamMode: 'ON_DEMAND' } }],
      29.2,
    ],
    ['a stream of two shards', ['AWS::Kinesis::Stream', { ShardCount: 2 }], 21.9],
    ['a web ACL with three rules', ['AWS::WAFv2::WebACL', { Rules: [{}, {}, {}] }], 8],
    ['a function', ['AWS::Lambda::Function'], 0],
    ['a table', ['AWS::DynamoDB::Table', { BillingMode: 'PAY_PER_REQUEST' }], 0],
  ])('%s', (_what, resource, usd) => {
    expect(of(resource).usdPerMonth).toBe(usd);
  });

  it('is the sum over all stacks, in cents', () => {
    const types = fc.array(fc.constantFrom(...Object.keys(IDLE_PRICES), 'AWS::IAM::Role'));
    fc.assert(
      fc.property(types, types, (one, other) => {
        const template = (names: string[]) => ({
          Resources: Object.fromEntries(names.map((Type, index) => [`R${index}`, { Type }])),
        });
        const together = idleCost([template(one), template(other)]);
        const apart = idleCost([template(one)]).usdPerMonth + idleCost([template(other)]).usdPerMonth;
        expect(together.usdPerMonth).toBeCloseTo(apart, 2);
        expect(together.items.reduce((sum, { count }) => sum + count, 0)).toBe(
          [...one, ...other].filter((type) => type !== 'AWS::IAM::Role').length,
        );
      }),
    );
  });

  it('is said in one line', () => {
    expect(idleCostLine(of(['AWS::KMS::Key'], ['AWS::KMS::Key'], ['AWS::CloudWatch::Alarm']))).toMatch(
      /^2\.10 USD a month when nobody uses it: 2 × key 2\.00, 1 × alarm 0\.10 \(us-east-1, \d{4}-\d\d\)$/,
    );
    expect(idleCostLine(of())).toMatch(/^0\.00 USD a month when nobody uses it \(/);
  });
});
