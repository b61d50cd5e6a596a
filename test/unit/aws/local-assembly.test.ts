import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  copyAssembly,
  deriveLocalAssembly,
  deriveLocalTemplate,
  resourceTypes,
  type Template,
} from '../../../aws/local-assembly.ts';

const KNOWN = new Set([
  'AWS::S3::Bucket',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudFormation::WaitConditionHandle',
]);

const template: Template = {
  Description: 'Strata',
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { Tags: [{ 'Fn::GetAtt': ['Trail', 'Arn'] }] } },
    Trail: {
      Type: 'AWS::CloudTrail::Trail',
      Condition: 'Audited',
      DependsOn: ['Bucket'],
      Metadata: { 'aws:cdk:path': 'App/Trail' },
      Properties: { S3BucketName: { Ref: 'Bucket' } },
    },
  },
  Outputs: {
    Trail: { Value: { 'Fn::GetAtt': 'Trail.Arn' } },
    Bucket: { Value: { 'Fn::GetAtt': ['Bucket', 'Arn'] } },
  },
};

describe('what the emulator does not know', () => {
  const derived = deriveLocalTemplate(template, KNOWN);

  it('is replaced by a resource without effect, in its place', () => {
    expect(derived.template.Resources?.['Trail']).toEqual({
      Type: 'AWS::CloudFormation::WaitConditionHandle',
      Condition: 'Audited',
      DependsOn: ['Bucket'],
      Metadata: { 'aws:cdk:path': 'App/Trail' },
    });
  });

  it('is named', () => {
    expect(derived.leftOut).toEqual([{ logicalId: 'Trail', type: 'AWS::CloudTrail::Trail' }]);
  });

  it('has texts for attributes, wherever they are asked for', () => {
    expect(derived.template.Resources?.['Bucket']?.Properties).toEqual({ Tags: ['not-local-Trail-Arn'] });
    expect(derived.template['Outputs']).toEqual({
      Trail: { Value: 'not-local-Trail-Arn' },
      Bucket: { Value: { 'Fn::GetAtt': ['Bucket', 'Arn'] } },
    });
  });

  it('includes alarms on metric math, but no plain alarm', () => {
    const alarms: Template = {
      Resources: {
        Plain: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'Errors' } },
        Math: {
          Type: 'AWS::CloudWatch::Alarm',
          Properties: { Metrics: [{ Id: 'e1', Expression: 'm1 / m2' }] },
        },
      },
    };
    expect(deriveLocalTemplate(alarms, KNOWN).leftOut.map(({ logicalId }) => logicalId)).toEqual(['Math']);
  });

  it('leaves an alias its update policy and what it waits for', () => {
    const alias = {
      Type: 'AWS::S3::Bucket',
      DependsOn: ['Deployments'],
      UpdatePolicy: {
        CodeDeployLambdaAliasUpdate: {
          ApplicationName: { Ref: 'Code' },
          DeploymentGroupName: { Ref: 'Deployments' },
        },
      },
    };
    const shifted: Template = {
      Resources: {
        Alias: alias,
        Code: { Type: 'AWS::CodeDeploy::Application' },
        Deployments: { Type: 'AWS::CodeDeploy::DeploymentGroup', DependsOn: ['Code'] },
      },
    };
    const { template: local, leftOut } = deriveLocalTemplate(shifted, KNOWN);
    expect(local.Resources?.['Alias']).toEqual(alias);
    expect(local.Resources?.['Deployments']?.['DependsOn']).toEqual(['Code']);
    expect(leftOut.map(({ logicalId }) => logicalId)).toEqual(['Code', 'Deployments']);
  });

  it('does not include custom resources: their functions are deployed like any other', () => {
    const custom: Template = { Resources: { Seed: { Type: 'Custom::Seed' } } };
    expect(deriveLocalTemplate(custom, KNOWN).leftOut).toEqual([]);
  });
});

const type = fc.constantFrom('AWS::S3::Bucket', 'AWS::CloudTrail::Trail', 'AWS::Budgets::Budget');
const resources = fc
  .dictionary(fc.stringMatching(/^[A-Z][a-z]{0,5}$/), type)
  .chain((types) =>
    fc
      .array(fc.constantFrom(...Object.keys(types), 'Elsewhere'), { minLength: 1 })
      .map((asked) =>
        Object.fromEntries(
          Object.entries(types).map(([id, Type], index) => [
            id,
            { Type, Properties: { Value: { 'Fn::GetAtt': [asked[index % asked.length], 'Arn'] } } },
          ]),
        ),
      ),
  );

it('leaves what is known as it is for AWS', () => {
  fc.assert(
    fc.property(resources, (Resources) => {
      const { template: derived, leftOut } = deriveLocalTemplate({ Resources }, KNOWN);
      const missing = new Set(leftOut.map(({ logicalId }) => logicalId));
      expect(Object.keys(derived.Resources ?? {})).toEqual(Object.keys(Resources));
      for (const [id, resource] of Object.entries(Resources)) {
        expect(missing.has(id)).toBe(!KNOWN.has(resource.Type));
        const [asked] = resource.Properties.Value['Fn::GetAtt'];
        const isTouched = missing.has(id) || missing.has(String(asked));
        expect(isDeepStrictEqual(derived.Resources?.[id], resource)).toBe(!isTouched);
      }
    }),
  );
});

it('has nothing more to derive from what is derived', () => {
  fc.assert(
    fc.property(resources, (Resources) => {
      const once = deriveLocalTemplate({ Resources }, KNOWN).template;
      expect(deriveLocalTemplate(once, KNOWN)).toEqual({ template: once, leftOut: [] });
    }),
  );
});

it('derives every template of an assembly, the nested ones too, and leaves the original alone', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'strata-assembly-'));
  try {
    const from = join(directory, 'cdk.out');
    const to = join(directory, 'cdk.local');
    await mkdir(join(from, 'assembly-Stage'), { recursive: true });
    await writeFile(join(from, 'Data.template.json'), JSON.stringify(template));
    await writeFile(join(from, 'assembly-Stage', 'Stage.template.json'), JSON.stringify(template));
    await writeFile(join(from, 'manifest.json'), '{"version":"48.0.0"}');
    const leftOut = await deriveLocalAssembly(from, to, KNOWN);
    expect(leftOut.map(({ stack }) => stack).toSorted()).toEqual(['Data', 'assembly-Stage/Stage']);
    expect(await readFile(join(to, 'Data.template.json'), 'utf8')).not.toContain('CloudTrail');
    expect(await readFile(join(from, 'Data.template.json'), 'utf8')).toContain('CloudTrail');
    expect(await readFile(join(to, 'manifest.json'), 'utf8')).toBe('{"version":"48.0.0"}');
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('copies an assembly whose assets lie elsewhere so that they are still found', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'strata-assembly-'));
  try {
    const from = join(directory, 'app');
    await mkdir(from);
    await writeFile(join(from, 'Data.template.json'), JSON.stringify(template));
    const files = {
      code: { source: { path: '../lambdas/infer', packaging: 'zip' } },
      template: { source: { path: 'Data.template.json', packaging: 'file' } },
    };
    await writeFile(join(from, 'Data.assets.json'), JSON.stringify({ version: '55.0.0', files }));
    const to = join(directory, 'elsewhere', 'deeper');
    await copyAssembly(from, to);
    const copied = JSON.parse(await readFile(join(to, 'Data.assets.json'), 'utf8')) as {
      files: typeof files;
    };
    expect(copied.files.code.source.path).toBe(resolve(directory, 'lambdas/infer'));
    expect(copied.files.template.source.path).toBe('Data.template.json');
    expect([...(await resourceTypes(to))].toSorted()).toEqual(['AWS::CloudTrail::Trail', 'AWS::S3::Bucket']);
  } finally {
    await rm(directory, { recursive: true });
  }
});
