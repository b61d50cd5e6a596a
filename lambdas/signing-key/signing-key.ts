import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';
import * as z from 'zod';
import { keyFingerprint } from '../../core/registry/signed-manifest.ts';

const properties = z.object({ KeyArn: z.string().min(1) });

/**
 * What CloudFormation is told of a key. The id of the resource is the key: another key is another resource. Deleting it
 * does nothing.
 *
 * @param publicKey SubjectPublicKeyInfo of a key, DER, in base64
 */
export async function signingKeyResource(
  event: CloudFormationCustomResourceEvent,
  publicKey: (keyArn: string) => Promise<string>,
): Promise<CloudFormationCustomResourceResponse> {
  const { StackId, RequestId, LogicalResourceId } = event;
  const known = { StackId, RequestId, LogicalResourceId };
  if (event.RequestType === 'Delete') {
    return { ...known, Status: 'SUCCESS', PhysicalResourceId: event.PhysicalResourceId };
  }
  try {
    const { KeyArn } = properties.parse(event.ResourceProperties);
    const Fingerprint = keyFingerprint(Buffer.from(await publicKey(KeyArn), 'base64'));
    return { ...known, Status: 'SUCCESS', PhysicalResourceId: KeyArn, Data: { Fingerprint } };
  } catch (error) {
    const Reason = error instanceof Error ? error.message : String(error);
    const PhysicalResourceId =
      event.RequestType === 'Update' ? event.PhysicalResourceId : `${LogicalResourceId}-failed`;
    return { ...known, Status: 'FAILED', Reason, PhysicalResourceId };
  }
}

/** CloudFormation waits for a PUT to a signed URL, and for an hour if none comes. */
export async function answerCloudFormation(
  url: string,
  answer: CloudFormationCustomResourceResponse,
): Promise<void> {
  const response = await fetch(url, {
    method: 'PUT',
    body: JSON.stringify(answer),
    headers: { 'content-type': '' },
  });
  if (!response.ok) throw new Error(`CloudFormation did not take the answer: ${response.status}`);
}
