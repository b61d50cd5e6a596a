import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { DataStack, ServiceStack } from '../../lib';
import { TEST_ENV, testApp } from '../support/synth';

/** Half of what Lambda allows for the policy of a function: 20 KB. Source: Lambda quotas. */
const MOST_POLICY_BYTES = 10 * 1024;

const app = testApp();
const data = new DataStack(app, 'StrataData', { env: TEST_ENV });
const service = new ServiceStack(app, 'StrataService', { env: TEST_ENV, data });
const templates = [Template.fromStack(data), Template.fromStack(service)];

interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: unknown;
  readonly NotResource?: unknown;
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

interface Found {
  /** `<logical id of the resource>: <statement>` */
  readonly where: string;
  readonly type: string;
  readonly statement: Statement;
}

/** Every statement of every policy document, wherever it stands in a resource. */
function statements(): Found[] {
  return templates.flatMap((template) =>
    Object.entries(
      template.toJSON().Resources as Record<string, { Type: string; Properties?: unknown }>,
    ).flatMap(([id, { Type, Properties }]) =>
      documentsIn(Properties).flatMap((document) =>
        [document.Statement].flat().map((statement) => ({ where: id, type: Type, statement })),
      ),
    ),
  );
}

function documentsIn(value: unknown): { readonly Statement: Statement | readonly Statement[] }[] {
  if (value === null || typeof value !== 'object') return [];
  if ('Statement' in value) return [value as { readonly Statement: Statement[] }];
  return Object.values(value).flatMap(documentsIn);
}

const list = (value: unknown): string[] =>
  [value ?? []].flat().map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));

/** Where a wildcard is right, and why. */
interface AllowedWildcard {
  readonly reason: string;
  readonly is: (found: Found) => boolean;
}

const ALLOWED: readonly AllowedWildcard[] = [
  {
    reason: 'X-Ray has no resources',
    is: ({ statement }) => list(statement.Action).every((action) => action.startsWith('xray:')),
  },
  {
    reason: 'In the policy of a key, * is the key itself; the account keeps the right to manage it',
    is: ({ type, statement }) => type === 'AWS::KMS::Key' && list(statement.Resource).join() === '*',
  },
  {
    reason: 'Objects below a prefix: which there will be is not known',
    is: ({ type, statement }) =>
      type === 'AWS::IAM::Policy' &&
      list(statement.Action).every((action) => action.startsWith('s3:') && !action.includes('*')) &&
      list(statement.Resource).every((resource) => /\/[a-z0-9/]+\/\*"\]\]\}$/.test(resource)),
  },
  {
    reason: 'The service that delivers access logs of one bucket chooses their names',
    is: ({ statement }) =>
      JSON.stringify(statement.Principal) === '{"Service":"logging.s3.amazonaws.com"}' &&
      statement.Action === 's3:PutObject' &&
      JSON.stringify(statement.Condition).includes('aws:SourceArn'),
  },
  {
    reason: 'Lambda asks which streams a table has, of all of that table together',
    is: ({ type, statement }) =>
      type === 'AWS::IAM::Policy' &&
      statement.Action === 'dynamodb:ListStreams' &&
      list(statement.Resource).every((resource) => resource.endsWith('"/stream/*"]]}')),
  },
  {
    reason: 'What a queue denies to everybody: connections without encryption',
    is: ({ type, statement }) =>
      type === 'AWS::SQS::QueuePolicy' && statement.Effect === 'Deny' && statement.Condition !== undefined,
  },
  {
    reason: 'What a bucket denies to everybody: connections without encryption, overwriting model files',
    is: ({ type, statement }) =>
      type === 'AWS::S3::BucketPolicy' && statement.Effect === 'Deny' && statement.Condition !== undefined,
  },
];

const hasWildcard = ({ statement }: Found) =>
  statement.NotAction !== undefined ||
  statement.NotResource !== undefined ||
  list(statement.Action).some((action) => action.includes('*')) ||
  list(statement.Resource).some((resource) => resource.includes('*'));

describe('what roles and policies allow', () => {
  const wide = statements().filter(hasWildcard);

  it('names actions and resources, or has a reason for a wildcard', () => {
    expect(statements().length).toBeGreaterThan(20);
    const unexplained = wide.filter((found) => !ALLOWED.some(({ is }) => is(found)));
    expect(unexplained).toEqual([]);
  });

  it.each(ALLOWED)('needs the wildcard: $reason', ({ is }) => {
    expect(wide.filter(is)).not.toEqual([]);
  });

  it('is given to services and to the account only', () => {
    const principals = statements()
      .filter(({ statement }) => statement.Effect === 'Allow' && statement.Principal !== undefined)
      .map(({ statement }) => JSON.stringify(statement.Principal));
    expect(principals.filter((principal) => principal.includes('"*"'))).toEqual([]);
    expect(principals.length).toBeGreaterThan(3);
  });
});

describe('who may call a function', () => {
  const byFunction = new Map<string, string[]>();
  for (const template of templates) {
    for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Permission'))) {
      const name = JSON.stringify(Properties.FunctionName);
      byFunction.set(name, [...(byFunction.get(name) ?? []), JSON.stringify(Properties)]);
    }
  }

  it(`takes less than ${MOST_POLICY_BYTES} bytes of the function's policy`, () => {
    const sizes = [...byFunction.values()].map((permissions) => permissions.join().length);
    expect(sizes.length).toBeGreaterThan(1);
    for (const size of sizes) expect(size).toBeLessThan(MOST_POLICY_BYTES);
  });

  it('is a service, for one source', () => {
    for (const permissions of byFunction.values()) {
      for (const permission of permissions) {
        expect(JSON.parse(permission)).toMatchObject({
          Principal: expect.stringMatching(/^[a-z]+\.amazonaws\.com$/),
          SourceArn: expect.anything(),
        });
      }
    }
  });
});
