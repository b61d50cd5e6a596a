import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import { ENVIRONMENT } from '../contracts/environment';
import { EXCHANGE_AREAS, EXCHANGE_PREFIX, LARGEST_PUT_BYTES } from '../contracts/exchange';
import { Gateway, type IGateway } from '../gateway/gateway';
import { StrataConstructError } from '../private/errors';
import { HandlerFunction } from '../private/handler-function';
import { ifResolved } from '../private/tokens';
import { grantToldMissing } from '../private/told-missing';

const READ_ACTIONS = ['s3:GetObject'];
const WRITE_ACTIONS = ['s3:PutObject'];
const KEY_READ_ACTIONS = ['kms:Decrypt'];
const KEY_WRITE_ACTIONS = ['kms:GenerateDataKey'];

/** An exchange of tensors that are too large for a request or an answer. */
export interface IExchange extends IConstruct {
  /** Holds uploads below `in/` and results below `out/`. */
  readonly bucket: s3.IBucket;

  /** Allows to read what callers put in, and to lay out results for them. */
  grantServe(grantee: iam.IGrantable): iam.Grant;
  /** Lets a function serve from the exchange: grants, and tells it the names through its environment. */
  bindTo(handler: lambda.Function): void;
}

/** Properties of an exchange. */
export interface ExchangeProps {
  /**
   * Where callers ask for addresses to upload to: `POST <gateway>/strata/v1/exchange`.
   * @default - a gateway of its own, with IAM access
   */
  readonly gateway?: IGateway;

  /**
   * Largest sum of the uploads that one call asks for. What an inference function takes is less: a sixteenth of its memory.
   * @default Size.gibibytes(5)
   */
  readonly maxUploadSize?: Size;

  /**
   * For how long an address to upload to or to download from can be used.
   * @default Duration.minutes(15)
   */
  readonly urlExpiry?: Duration;

  /**
   * Key that encrypts the objects.
   * @default - a key of S3: objects live for a day, and signed requests cost no call to KMS
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Where S3 writes who read and wrote which object.
   * @default - no access logs
   */
  readonly serverAccessLogsBucket?: s3.IBucket;
}

/** What is known of an exchange that another stack or app made. */
export interface ExchangeAttributes {
  /** Name of the bucket. */
  readonly bucketName: string;
  /**
   * For how long an address to download from can be used.
   * @default Duration.minutes(15)
   */
  readonly urlExpiry?: Duration;
  /**
   * ARN of the key that encrypts the objects.
   * @default - a key of S3
   */
  readonly encryptionKeyArn?: string;
}

abstract class ExchangeBase extends Construct implements IExchange {
  public abstract readonly bucket: s3.IBucket;

  protected abstract readonly encryptionKey?: kms.IKey;
  protected abstract readonly urlExpiry: Duration;

  public grantServe(grantee: iam.IGrantable): iam.Grant {
    const { uploads, results } = EXCHANGE_AREAS;
    return this.grant(grantee, READ_ACTIONS, [uploads, results], KEY_READ_ACTIONS)
      .combine(this.grant(grantee, WRITE_ACTIONS, [results], KEY_WRITE_ACTIONS))
      .combine(grantToldMissing(this.bucket, grantee, [`${uploads}/`, `${results}/`]));
  }

  public bindTo(handler: lambda.Function): void {
    this.grantServe(handler);
    for (const [name, value] of Object.entries(this.environment())) handler.addEnvironment(name, value);
  }

  protected environment(): { [name: string]: string } {
    return {
      [ENVIRONMENT.exchangeBucket]: this.bucket.bucketName,
      [ENVIRONMENT.exchangeUrlExpiry]: String(this.urlExpiry.toSeconds()),
    };
  }

  protected grant(
    grantee: iam.IGrantable,
    actions: string[],
    areas: string[],
    keyActions: string[],
  ): iam.Grant {
    const grant = iam.Grant.addToPrincipal({
      grantee,
      actions,
      resourceArns: areas.map((area) => this.bucket.arnForObjects(`${area}/*`)),
    });
    // A key policy alone would give a grantee that has no policy of its own a key without a lock.
    if (!grant.success || !this.encryptionKey) return grant;
    return grant.combine(this.encryptionKey.grant(grantee, ...keyActions));
  }
}

/**
 * A layer for large payloads: a bucket through which callers and functions hand each other tensors, and the function
 * that signs addresses to upload to. A cache, not a store: objects expire after a day and have no versions.
 *
 * Each caller has a prefix of his own, named by the SHA-256 of his id. Functions behind gateways with different token
 * issuers must not share an exchange: two issuers may give the same id to different callers.
 *
 * A bucket that holds objects cannot be deleted: when the stack is to go, wait a day after its last use, or empty it.
 *
 * @example
 * const exchange = new Exchange(this, 'Exchange', { gateway, maxUploadSize: Size.gibibytes(1) });
 * new Serving(this, 'Serving', { gateway, exchange });
 */
export class Exchange extends ExchangeBase {
  /** An exchange that another stack or app made. Its callers must have the same issuer of tokens as those of this one. */
  public static fromAttributes(scope: Construct, id: string, attributes: ExchangeAttributes): IExchange {
    return new ImportedExchange(scope, id, attributes);
  }

  public readonly bucket: s3.IBucket;
  public readonly gateway: IGateway;
  /** Signs addresses to upload to. Call its alias `live`, not the function itself. */
  public readonly exchangeFunction: lambda.Function;

  protected readonly encryptionKey?: kms.IKey;
  protected readonly urlExpiry: Duration;

  constructor(scope: Construct, id: string, props: ExchangeProps = {}) {
    super(scope, id);
    const maxUploadSize = props.maxUploadSize ?? Size.bytes(LARGEST_PUT_BYTES);
    this.urlExpiry = props.urlExpiry ?? Duration.minutes(15);
    checkUploadSize(maxUploadSize);
    checkExpiry(this.urlExpiry);
    this.encryptionKey = props.encryptionKey;
    this.bucket = new s3.Bucket(this, 'Bucket', {
      encryption: props.encryptionKey ? s3.BucketEncryption.KMS : s3.BucketEncryption.S3_MANAGED,
      encryptionKey: props.encryptionKey,
      bucketKeyEnabled: props.encryptionKey && true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [
        { expiration: Duration.days(1), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      serverAccessLogsBucket: props.serverAccessLogsBucket,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const sign = new HandlerFunction(this, 'Sign', {
      handler: 'exchange',
      description: 'Signs addresses to which callers upload large tensors',
      memorySize: 512,
      timeout: Duration.seconds(10),
      environment: {
        ...this.environment(),
        [ENVIRONMENT.exchangeMaxUpload]: String(maxUploadSize.toBytes()),
      },
    });
    // What a signed URL may do is what its signer may do.
    this.grant(sign, WRITE_ACTIONS, [EXCHANGE_AREAS.uploads], KEY_WRITE_ACTIONS);
    this.gateway = props.gateway ?? new Gateway(this, 'Gateway');
    this.gateway.mount(EXCHANGE_PREFIX, sign.live, { scopes: ['infer'] });
    this.exchangeFunction = sign;
  }
}

class ImportedExchange extends ExchangeBase {
  public readonly bucket: s3.IBucket;

  protected readonly encryptionKey?: kms.IKey;
  protected readonly urlExpiry: Duration;

  constructor(scope: Construct, id: string, attributes: ExchangeAttributes) {
    super(scope, id);
    this.urlExpiry = attributes.urlExpiry ?? Duration.minutes(15);
    checkExpiry(this.urlExpiry);
    this.encryptionKey = attributes.encryptionKeyArn
      ? kms.Key.fromKeyArn(this, 'Key', attributes.encryptionKeyArn)
      : undefined;
    this.bucket = s3.Bucket.fromBucketName(this, 'Bucket', attributes.bucketName);
  }
}

function checkUploadSize(maxUploadSize: Size): void {
  ifResolved(maxUploadSize, (size) => {
    const bytes = size.toBytes();
    if (bytes < 1 || bytes > LARGEST_PUT_BYTES) {
      throw new StrataConstructError(
        'INVALID_UPLOAD_SIZE',
        `maxUploadSize must be 1 byte to 5 GiB, which is what S3 takes at once; got ${bytes} bytes`,
      );
    }
  });
}

function checkExpiry(urlExpiry: Duration): void {
  ifResolved(urlExpiry, (expiry) => {
    const seconds = expiry.toSeconds();
    if (seconds < 1 || seconds > 3600) {
      throw new StrataConstructError(
        'INVALID_URL_EXPIRY',
        `urlExpiry must be 1 second to 1 hour: whoever has the address needs nothing else; got ${seconds} s`,
      );
    }
  });
}
