import type { APIGatewayProxyEvent } from 'aws-lambda';
import fc from 'fast-check';
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

/** The body that a request with these bytes has. */
function bodyOf(bytes: Uint8Array, jsonLength: string): Uint8Array {
  const event = structuredClone(callerWithIam) as unknown as APIGatewayProxyEvent;
  event.headers = { 'Inference-Header-Content-Length': jsonLength };
  event.body = Buffer.from(bytes).toString('base64');
  event.isBase64Encoded = true;
  return toProtocolRequest(event).body;
}

describe('the body of a request', () => {
  it('is what was sent, and its tensors lie where numbers of any width may lie', () => {
    const sent = fc.tuple(fc.uint8Array({ maxLength: 20_000 }), fc.nat({ max: 20_000 }));
    fc.assert(
      fc.property(sent, ([bytes, jsonLength]) => {
        const body = bodyOf(bytes, String(jsonLength));
        expect(Buffer.from(body).equals(bytes)).toBe(true);
        expect((body.byteOffset + jsonLength) % 8).toBe(0);
      }),
    );
  });

  it.each(['', 'x', '-3', '1e400', '99999999999999999999', 'NaN'])(
    'is what was sent where the length of the JSON part is told as "%s"',
    (told) => {
      expect(Buffer.from(bodyOf(Buffer.from('{"a":1}'), told)).toString()).toBe('{"a":1}');
    },
  );

  it('is text where it comes as text, and empty where there is none', () => {
    const event = structuredClone(callerWithIam) as unknown as APIGatewayProxyEvent;
    event.isBase64Encoded = false;
    event.body = '{"ä":"€"}';
    expect(Buffer.from(toProtocolRequest(event).body).toString()).toBe('{"ä":"€"}');
    event.body = null;
    expect(toProtocolRequest(event).body).toHaveLength(0);
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
