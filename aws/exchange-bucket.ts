import type { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { UnavailableError } from '../core/errors.ts';
import type { FoundObject, TensorExchange } from '../core/protocol/exchange/tensor-exchange.ts';
import type { ExchangeUrls } from './exchange-urls.ts';
import { isMissing } from './missing-object.ts';
import { orUnavailable } from './unavailable.ts';

/** Tensors in an S3 bucket. */
export class ExchangeBucket implements TensorExchange {
  readonly bucket: string;

  constructor(
    private readonly client: S3Client,
    private readonly urls: ExchangeUrls,
  ) {
    this.bucket = urls.bucket;
  }

  async open(key: string): Promise<FoundObject | undefined> {
    try {
      const { Body, ContentLength } = await this.client.send(
        new GetObjectCommand({ Bucket: this.bucket, Key: key }),
      );
      const body = Body as Readable;
      const size = ContentLength ?? 0;
      return { size, read: () => readAll(body, size), discard: () => void body.destroy() };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw orUnavailable(error, CODE, SILENT);
    }
  }

  async write(key: string, bytes: Uint8Array): Promise<string> {
    try {
      await this.client.send(
        new PutObjectCommand({
          Bucket: this.bucket,
          Key: key,
          Body: bytes,
          ContentLength: bytes.length,
          ContentType: 'application/octet-stream',
        }),
      );
      return await this.urls.signDownload(key);
    } catch (error) {
      throw orUnavailable(error, CODE, SILENT);
    }
  }
}

/** Into one piece of memory of the right size: collecting the chunks first would take twice as much. */
async function readAll(body: Readable, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
  } catch (error) {
    throw orUnavailable(error, CODE, SILENT);
  }
  if (filled !== size) throw new UnavailableError(CODE, SILENT);
  return bytes;
}

const CODE = 'EXCHANGE_UNAVAILABLE';
const SILENT = 'The exchange of large tensors does not answer at the moment; try again in a few seconds.';
