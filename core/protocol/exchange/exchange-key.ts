import { createHash } from 'node:crypto';
import type { ExchangeArea } from '../../../lib/contracts/exchange.ts';
import { InvalidInputError, PermissionDeniedError } from '../../errors.ts';

/** `in/<principal>/<id>`, or `out/<principal>/<prediction>/<output>`: no dots, no escapes, no empty segment. */
const KEY = /^(?:in\/([0-9a-f]{64})\/[\w-]{1,64}|out\/([0-9a-f]{64})\/[\w-]{1,64}\/[\w-]{1,64})$/;

const PLAIN = /^[\w-]{1,63}$/;

const UPLOADS: ExchangeArea = 'in';
const RESULTS: ExchangeArea = 'out';

/** Where an upload of a caller goes. */
export function uploadKey(principal: string, id: string): string {
  return `${UPLOADS}/${principalSegment(principal)}/${id}`;
}

/** Where an output of a prediction goes. */
export function resultKey(principal: string, predictionId: string, output: string): string {
  return `${RESULTS}/${principalSegment(principal)}/${predictionId}/${outputSegment(output)}`;
}

export function referenceTo(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}

/**
 * The key that a caller's reference means, when it is one that this caller may use. Decided by its text alone, so that
 * nothing is asked of S3 in the name of somebody else.
 *
 * @param reference a key, or `s3://<bucket>/<key>`
 * @param label for messages: `input "x"`
 * @throws InvalidInputError `INVALID_REFERENCE` when it has not the form that the exchange hands out
 * @throws PermissionDeniedError for another bucket and for what belongs to another caller
 */
export function ownKey(
  reference: string,
  {
    bucket,
    principal,
    label,
  }: { readonly bucket: string; readonly principal: string; readonly label: string },
): string {
  const own = referenceTo(bucket, '');
  if (reference.startsWith('s3://') && !reference.startsWith(own)) {
    throw new PermissionDeniedError(
      `"s3_object" of ${label} names another bucket than the exchange of this service. Upload the tensor to the exchange.`,
    );
  }
  const key = reference.startsWith(own) ? reference.slice(own.length) : reference;
  const [, uploader, receiver] = KEY.exec(key) ?? [];
  const owner = uploader ?? receiver;
  if (owner === undefined) {
    throw new InvalidInputError(
      'INVALID_REFERENCE',
      `"s3_object" of ${label} is not a reference of the exchange. Give it as the exchange handed it out.`,
    );
  }
  if (owner !== principalSegment(principal)) {
    throw new PermissionDeniedError(
      `"s3_object" of ${label} belongs to another caller. Upload the tensor with the identity that sends the request.`,
    );
  }
  return key;
}

/** Ids of callers hold any characters (ARNs, addresses of people): their SHA-256 in hex says nothing and is safe in a key. */
export function principalSegment(principal: string): string {
  return createHash('sha256').update(principal).digest('hex');
}

/** The output's name where it is plain, otherwise its SHA-256 in hex, which is longer than a plain name can be. */
function outputSegment(output: string): string {
  return PLAIN.test(output) ? output : createHash('sha256').update(output).digest('hex');
}
