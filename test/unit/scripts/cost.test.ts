import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { idleCost, type TemplateResource } from '../../../core/cost/idle.ts';
import { PLATFORM } from '../../../core/cost/serving.ts';
import { COST_PAGE, deployedResources, withTables } from '../../../scripts/cost.ts';
import { costTables } from '../../../scripts/cost-tables.ts';

let resources: TemplateResource[];
beforeAll(async () => {
  resources = await deployedResources();
}, 120_000);

const ofType = (type: string) => resources.filter(({ Type }) => Type === type);
const counted = (what: string) => idleCost(resources).find((line) => line.what === what)?.quantity ?? 0;

describe('docs/cost.md', () => {
  it('holds the tables that are computed for the app as it is', () => {
    const page = readFileSync(COST_PAGE, 'utf8');
    const current = withTables(page, costTables(resources));
    expect(page, 'the tables are out of date: run `tsx scripts/cost.ts`').toBe(current);
  });

  it('is refused when it has no place for a table', () => {
    expect(() => withTables('# What it costs\n', { idle: '| |' })).toThrow(/idle/);
  });
});

describe('the idle cost', () => {
  it.each([
    ['Encryption keys', 'AWS::KMS::Key'],
    ['Dashboards', 'AWS::CloudWatch::Dashboard'],
  ])('counts the %s of the templates', (what, type) => {
    expect(ofType(type).length).toBeGreaterThan(0);
    expect(counted(what)).toBe(ofType(type).length);
  });

  it('counts every alarm of the templates at least once', () => {
    expect(ofType('AWS::CloudWatch::Alarm').length).toBeGreaterThan(0);
    expect(counted('Alarms')).toBeGreaterThanOrEqual(ofType('AWS::CloudWatch::Alarm').length);
  });

  it('has nothing that runs while nobody calls', () => {
    const hourly = idleCost(resources).filter(({ price }) => /kinesis|sageMaker/.test(price));
    expect(hourly).toEqual([]);
  });
});

describe('the estimate for requests', () => {
  it('reckons with the memory, disk and log retention that the functions really have', () => {
    const functions = ofType('AWS::Lambda::Function').map(({ Properties }) => Properties);
    expect(functions).toContainEqual(
      expect.objectContaining({
        MemorySize: PLATFORM.inferMegabytes,
        EphemeralStorage: { Size: 512 + PLATFORM.extraDiskMegabytes },
      }),
    );
    expect(functions).toContainEqual(expect.objectContaining({ MemorySize: PLATFORM.authorizeMegabytes }));
    const retentions = ofType('AWS::Logs::LogGroup').map(({ Properties }) => Properties?.['RetentionInDays']);
    expect(retentions).toContain(PLATFORM.logDays);
  });

  it('reckons with the time for which the authorizer is not asked again', () => {
    const [authorizer] = ofType('AWS::ApiGateway::Authorizer');
    expect(authorizer?.Properties?.['AuthorizerResultTtlInSeconds']).toBe(PLATFORM.decisionSeconds);
  });
});
