import type { APIGatewayProxyEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import behindBasePath from '../../../../events/infer/behind-base-path.json' with { type: 'json' };
import callerWithIam from '../../../../events/infer/caller-with-iam.json' with { type: 'json' };
import { principalOf, toProtocolRequest } from '../../../../lambdas/shared/api-event.ts';

const iamCaller = (userArn: string) => {
  const event = structuredClone(callerWithIam);
  event.requestContext.identity.userArn = userArn;
  return principalOf(event as unknown as APIGatewayProxyEvent);
};

describe('a request by a custom domain', () => {
  it('has the path that the same request has by the address of the API', () => {
    expect(behindBasePath.path).toBe('/scoring/v2/models/fixed_by_event/infer');
    expect(toProtocolRequest(behindBasePath as unknown as APIGatewayProxyEvent).path).toBe(
      '/v2/models/fixed_by_event/infer',
    );
  });
});

describe('a caller with AWS credentials', () => {
  it('is the role, whatever the session is called', () => {
    const ids = ['batch-job', 'i-0abc', 'ana@example.com'].map(
      (session) => iamCaller(`arn:aws:sts::123456789012:assumed-role/batch/${session}`).id,
    );
    expect(new Set(ids)).toEqual(new Set(['arn:aws:sts::123456789012:assumed-role/batch']));
  });

  it('is another one in another role, account or partition', () => {
    const arns = [
      'arn:aws:sts::123456789012:assumed-role/batch/x',
      'arn:aws:sts::123456789012:assumed-role/other/x',
      'arn:aws:sts::210987654321:assumed-role/batch/x',
      'arn:aws-cn:sts::123456789012:assumed-role/batch/x',
    ];
    expect(new Set(arns.map((arn) => iamCaller(arn).id)).size).toBe(arns.length);
  });

  it.each(['arn:aws:iam::123456789012:user/teams/ana', 'arn:aws:sts::123456789012:federated-user/ana'])(
    '%s is itself',
    (arn) => {
      expect(iamCaller(arn).id).toBe(arn);
    },
  );
});
