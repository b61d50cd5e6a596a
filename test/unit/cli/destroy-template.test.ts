import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDeletedWithStack, type StoredTemplate, withoutProtection } from '../../../cli/destroy-template.ts';
import { DataStack } from '../../../lib';
import { testApp } from '../../support/synth';

type Resources = Record<string, Record<string, unknown>>;

const released = (Resources: Resources) =>
  withoutProtection({ Resources } as unknown as StoredTemplate).Resources as unknown as Resources;

describe('a template without protection', () => {
  it('deletes what was kept, together with a change that CloudFormation takes', () => {
    const bucket = { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
    expect(released({ Bucket: { ...bucket, Metadata: { 'aws:cdk:path': 'Data/Bucket' } } })).toEqual({
      Bucket: {
        Type: 'AWS::S3::Bucket',
        DeletionPolicy: 'Delete',
        UpdateReplacePolicy: 'Delete',
        Metadata: { 'aws:cdk:path': 'Data/Bucket', 'strata:deletion': 'requested' },
      },
    });
  });

  it('lets tables and user pools go', () => {
    const { Table, Pool } = released({
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: { DeletionProtectionEnabled: true, TableName: 'a' },
      },
      Pool: { Type: 'AWS::Cognito::UserPool', Properties: { DeletionProtection: 'ACTIVE' } },
    });
    expect(Table?.['Properties']).toEqual({ DeletionProtectionEnabled: false, TableName: 'a' });
    expect(Pool?.['Properties']).toEqual({ DeletionProtection: 'INACTIVE' });
  });

  it('keeps nothing of the data stack as it is deployed', () => {
    const assembly = testApp();
    const stack = new DataStack(assembly, 'Data');
    const template = assembly.synth().getStackByName(stack.stackName).template as StoredTemplate;
    expect(JSON.stringify(template)).toContain('Retain');
    const text = JSON.stringify(withoutProtection(template));
    expect(text).not.toMatch(/"(DeletionPolicy|UpdateReplacePolicy)":"(?!Delete")/);
    expect(text).not.toMatch(/"DeletionProtection\w*":(true|"ACTIVE")/);
  });

  it('changes nothing else, and nothing a second time', () => {
    const resource = fc.record(
      {
        Type: fc.constantFrom('AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::Lambda::Function'),
        Properties: fc.dictionary(fc.constantFrom('A', 'DeletionProtectionEnabled'), fc.boolean()),
        DependsOn: fc.constant(['Other']),
        DeletionPolicy: fc.constantFrom('Retain', 'Delete', 'RetainExceptOnCreate', 'Snapshot'),
      },
      { requiredKeys: ['Type'] },
    );
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-Z]\w{0,5}$/), resource), (resources) => {
        const once = released(resources);
        expect(released(once)).toEqual(once);
        expect(Object.keys(once)).toEqual(Object.keys(resources));
        for (const [id, before] of Object.entries(resources)) {
          expect(once[id]?.['Type']).toBe(before.Type);
          expect(once[id]?.['DependsOn']).toEqual(before.DependsOn);
          expect((once[id]?.['Properties'] as Record<string, unknown>)?.['A']).toBe(before.Properties?.['A']);
          const isProtected = before.DeletionPolicy !== undefined || before.Type === 'AWS::DynamoDB::Table';
          expect(isProtected || JSON.stringify(once[id]) === JSON.stringify(before)).toBe(true);
        }
      }),
    );
  });
});

describe('a resource', () => {
  it.each([
    ['by default', undefined, true],
    ['when its policy says so', 'Delete', true],
    ['unless it is kept', 'Retain', false],
    ['unless it is kept once it is there', 'RetainExceptOnCreate', false],
  ])('goes with its stack %s', (_when, DeletionPolicy, goes) => {
    const template = {
      Resources: { Bucket: { Type: 'AWS::S3::Bucket', ...(DeletionPolicy && { DeletionPolicy }) } },
    };
    expect(isDeletedWithStack(template, 'Bucket')).toBe(goes);
  });
});
