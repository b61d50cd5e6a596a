import type { App, RemovalPolicy } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { DataStack, ServiceStack } from '../../../lib';
import { OUTPUTS } from '../../../lib/contracts/deployment';
import { TEST_ENV, testApp } from '../../support/synth';

const STATEFUL = ['AWS::Cognito::UserPool', 'AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::S3::Bucket'];

/** The exchange's bucket, whose objects live for a day: lib/exchange.test.ts. */
const CACHE = 'PlatformServingExchangeBucket';

function stacks(removalPolicy?: RemovalPolicy, app: App = testApp()) {
  const data = new DataStack(app, 'Data', { env: TEST_ENV, removalPolicy });
  const service = new ServiceStack(app, 'Service', { env: TEST_ENV, data });
  return { data, service };
}

describe('the two stacks', () => {
  const { data, service } = stacks();
  const templates = { data: Template.fromStack(data), service: Template.fromStack(service) };

  it('keep data apart from what runs', () => {
    for (const type of STATEFUL) {
      expect(Object.keys(templates.data.findResources(type))).not.toHaveLength(0);
      const inService = Object.keys(templates.service.findResources(type));
      expect(inService.filter((id) => !id.startsWith(CACHE))).toEqual([]);
    }
    templates.data.resourceCountIs('AWS::Lambda::Function', 0);
  });

  it('protect the data from an accident', () => {
    expect(data.terminationProtection).toBe(true);
    for (const type of STATEFUL) templates.data.allResources(type, { DeletionPolicy: 'Retain' });
  });

  it('refer to each other weakly, so that neither blocks an update of the other', () => {
    const text = JSON.stringify(templates.service.toJSON());
    expect(text).toContain('Fn::GetStackOutput');
    expect(text).not.toContain('Fn::ImportValue');
    for (const output of Object.values(templates.data.toJSON().Outputs) as { Export?: unknown }[]) {
      expect(output.Export).toBeUndefined();
    }
  });

  it('say where everything is', () => {
    expect(Object.keys(templates.service.toJSON().Outputs)).toEqual(
      expect.arrayContaining(Object.values(OUTPUTS)),
    );
  });

  // A logical id that changes replaces the resource, and its data with it.
  it('keep the logical ids of what holds data', () => {
    const held = Object.entries(templates.data.toJSON().Resources as Record<string, { Type: string }>)
      .filter(([, { Type }]) => STATEFUL.includes(Type))
      .map(([id, { Type }]) => `${id} ${Type}`)
      .sort();
    expect(held).toMatchInlineSnapshot(`
      [
        "LogKeyE83D0C1B AWS::KMS::Key",
        "ModelRegistryStoreAccessLogs7AA8D411 AWS::S3::Bucket",
        "ModelRegistryStoreArtifacts72F21A84 AWS::S3::Bucket",
        "ModelRegistryStoreKeyFF4A0774 AWS::KMS::Key",
        "ModelRegistryStoreTableDE319AF6 AWS::DynamoDB::Table",
        "SecurityStoreUserPoolD67D3212 AWS::Cognito::UserPool",
      ]
    `);
  });
});
