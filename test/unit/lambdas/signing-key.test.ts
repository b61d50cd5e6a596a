import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { keyFingerprint } from '../../../core/registry/signed-manifest.ts';
import { signingKeyResource } from '../../../lambdas/signing-key/signing-key.ts';

const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/signing';
const event = (more: object) =>
  ({
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Fingerprint',
    ResponseURL: 'https://answer',
    ResourceProperties: { KeyArn: KEY },
    ...more,
  }) as unknown as CloudFormationCustomResourceEvent;
const known = { StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Fingerprint' };

describe('what CloudFormation is told of a signing key', () => {
  it('is the fingerprint of its public half, under the name of the key', async () => {
    const answer = await signingKeyResource(event({ RequestType: 'Create' }), async (key) =>
      Buffer.from(`public half of ${key}`).toString('base64'),
    );
    const Fingerprint = keyFingerprint(Buffer.from(`public half of ${KEY}`));
    expect(answer).toEqual({ ...known, Status: 'SUCCESS', PhysicalResourceId: KEY, Data: { Fingerprint } });
  });

  it('is why it cannot be read; an update keeps the resource that was', async () => {
    const change = event({ RequestType: 'Update', PhysicalResourceId: 'before' });
    const answer = await signingKeyResource(change, () => Promise.reject(new Error('no such key')));
    expect(answer).toEqual({
      ...known,
      Status: 'FAILED',
      Reason: 'no such key',
      PhysicalResourceId: 'before',
    });
  });

  it('is that nothing is left, when it is deleted, without asking for the key', async () => {
    const gone = event({ RequestType: 'Delete', PhysicalResourceId: KEY });
    const answer = await signingKeyResource(gone, () => Promise.reject(new Error('asked')));
    expect(answer).toEqual({ ...known, Status: 'SUCCESS', PhysicalResourceId: KEY });
  });
});
