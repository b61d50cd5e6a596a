import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { UploadSigner } from '../core/protocol/exchange/exchange-server.ts';

export interface ExchangeUrlsOptions {
  readonly bucket: string;
  /** For how long a URL can be used; it also ends with the credentials that signed it. */
  readonly expirySeconds: number;
}

/** Signs URLs to objects of the exchange. Nothing is asked of S3: the signature carries the rights of whoever signs. */
export class ExchangeUrls implements UploadSigner {
  readonly bucket: string;
  readonly expirySeconds: number;

  /** @param client made by `s3Signer` */
  constructor(
    private readonly client: S3Client,
    { bucket, expirySeconds }: ExchangeUrlsOptions,
  ) {
    this.bucket = bucket;
    this.expirySeconds = expirySeconds;
  }

  /** The length is signed: S3 refuses a body of any other. */
  signUpload(key: string, bytes: number): Promise<string> {
    return this.#sign(new PutObjectCommand({ Bucket: this.bucket, Key: key, ContentLength: bytes }));
  }

  signDownload(key: string): Promise<string> {
    return this.#sign(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
  }

  #sign(command: PutObjectCommand | GetObjectCommand): Promise<string> {
    return getSignedUrl(this.client, command, { expiresIn: this.expirySeconds });
  }
}
