/** Where a price was read. Pages of AWS put most figures in by script, where a reader of the page's text does not see them. */
export type PriceCheck = 'on the page of AWS' | 'elsewhere' | 'not found';

/** A list price in the region of the table, before discounts and free tiers. */
export interface Price {
  readonly dollars: number;
  /** What that buys: a number of units, for example 1,000,000 requests. */
  readonly buys: number;
  readonly unit: string;
  /** Page of the price. */
  readonly page: string;
  /** Whether the figure was seen when the table was made, and at whose. */
  readonly check: PriceCheck;
  /** Page on which it was seen, when that is not `page`. */
  readonly seen?: string;
}

export const PRICE_REGION = 'us-east-1';

/** When the table was last compared with its sources. */
export const PRICE_DATE = '2026-11-25';

/** Hours of a month as AWS reckons. */
export const HOURS_PER_MONTH = 730;

const PAGE = {
  lambda: 'https://aws.amazon.com/lambda/pricing/',
  apiGateway: 'https://aws.amazon.com/api-gateway/pricing/',
  cloudWatch: 'https://aws.amazon.com/cloudwatch/pricing/',
  xray: 'https://aws.amazon.com/xray/pricing/',
  kms: 'https://aws.amazon.com/kms/pricing/',
  cognito: 'https://aws.amazon.com/cognito/pricing/',
  dynamoDb: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  s3: 'https://aws.amazon.com/s3/pricing/',
  sageMaker: 'https://aws.amazon.com/sagemaker/pricing/',
  kinesis: 'https://aws.amazon.com/kinesis/data-streams/pricing/',
  waf: 'https://aws.amazon.com/waf/pricing/',
  transfer: 'https://aws.amazon.com/ec2/pricing/on-demand/',
} as const;

const MILLION = 1_000_000;

/** Everything that the estimates multiply. First tiers; the higher ones are cheaper. */
export const PRICES = {
  lambdaRequest: {
    dollars: 0.2,
    buys: MILLION,
    unit: 'Lambda requests',
    page: PAGE.lambda,
    check: 'not found',
  },
  lambdaX86: {
    dollars: 0.0000166667,
    buys: 1,
    unit: 'GB-second of Lambda on x86',
    page: PAGE.lambda,
    check: 'elsewhere',
    seen: 'https://cloudchipr.com/blog/aws-lambda-pricing',
  },
  lambdaArm: {
    dollars: 0.0000133334,
    buys: 1,
    unit: 'GB-second of Lambda on arm64',
    page: PAGE.lambda,
    check: 'elsewhere',
    seen: 'https://cloudchipr.com/blog/aws-lambda-pricing',
  },
  lambdaStorage: {
    dollars: 0.0000000309,
    buys: 1,
    unit: 'GB-second of Lambda disk above 512 MB',
    page: PAGE.lambda,
    check: 'not found',
  },
  restApiRequest: {
    dollars: 3.5,
    buys: MILLION,
    unit: 'requests to a REST API',
    page: PAGE.apiGateway,
    check: 'on the page of AWS',
    seen: 'https://docs.aws.amazon.com/whitepapers/latest/best-practices-api-gateway-private-apis-integration/cost-optimization.html',
  },
  logIngestion: {
    dollars: 0.5,
    buys: 1,
    unit: 'GB written to logs',
    page: PAGE.cloudWatch,
    check: 'elsewhere',
    seen: 'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/',
  },
  logStorage: {
    dollars: 0.03,
    buys: 1,
    unit: 'GB-month kept in logs',
    page: PAGE.cloudWatch,
    check: 'not found',
  },
  metric: {
    dollars: 0.3,
    buys: 1,
    unit: 'metric and month',
    page: PAGE.cloudWatch,
    check: 'elsewhere',
    seen: 'https://signoz.io/guides/cloudwatch-pricing',
  },
  alarm: {
    dollars: 0.1,
    buys: 1,
    unit: 'metric of an alarm and month',
    page: PAGE.cloudWatch,
    check: 'elsewhere',
    seen: 'https://c3x.dev/resources/aws/aws_cloudwatch_metric_alarm',
  },
  highResolutionAlarm: {
    dollars: 0.3,
    buys: 1,
    unit: 'metric of a high-resolution alarm and month',
    page: PAGE.cloudWatch,
    check: 'elsewhere',
    seen: 'https://c3x.dev/resources/aws/aws_cloudwatch_metric_alarm',
  },
  compositeAlarm: {
    dollars: 0.5,
    buys: 1,
    unit: 'composite alarm and month',
    page: PAGE.cloudWatch,
    check: 'elsewhere',
    seen: 'https://c3x.dev/resources/aws/aws_cloudwatch_metric_alarm',
  },
  dashboard: {
    dollars: 3,
    buys: 1,
    unit: 'dashboard and month',
    page: PAGE.cloudWatch,
    check: 'elsewhere',
    seen: 'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/',
  },
  trace: {
    dollars: 5,
    buys: MILLION,
    unit: 'traces recorded',
    page: PAGE.xray,
    check: 'on the page of AWS',
    seen: 'https://aws.amazon.com/de/xray/pricing/',
  },
  key: { dollars: 1, buys: 1, unit: 'key and month', page: PAGE.kms, check: 'on the page of AWS' },
  keyRequest: {
    dollars: 0.03,
    buys: 10_000,
    unit: 'key requests',
    page: PAGE.kms,
    check: 'elsewhere',
    seen: 'https://www.wring.co/blog/aws-kms-pricing-guide',
  },
  machineClient: {
    dollars: 6,
    buys: 1,
    unit: 'app client of a machine and month',
    page: PAGE.cognito,
    check: 'elsewhere',
    seen: 'https://dev.classmethod.jp/articles/amazon-cognito-tiered-pricing-m2m-usage',
  },
  machineToken: {
    dollars: 2.25,
    buys: 1_000,
    unit: 'machine tokens',
    page: PAGE.cognito,
    check: 'elsewhere',
    seen: 'https://cur.vantage-api.com/aws/amazoncognito/user-pools-m2m/cupm2mtokenrequestsfull',
  },
  readUnit: {
    dollars: 0.125,
    buys: MILLION,
    unit: 'read request units',
    page: PAGE.dynamoDb,
    check: 'elsewhere',
    seen: 'https://airbyte.com/data-engineering-resources/dynamodb-pricing',
  },
  objectRead: { dollars: 0.0004, buys: 1_000, unit: 'GET requests to S3', page: PAGE.s3, check: 'not found' },
  transferOut: {
    dollars: 0.09,
    buys: 1,
    unit: 'GB to the internet',
    page: PAGE.transfer,
    check: 'elsewhere',
    seen: 'https://awsforengineers.com/blog/aws-api-gateway-pricing-explained',
  },
  kinesisStream: {
    dollars: 0.04,
    buys: 1,
    unit: 'on-demand stream and hour',
    page: PAGE.kinesis,
    check: 'not found',
  },
  kinesisShard: { dollars: 0.015, buys: 1, unit: 'shard and hour', page: PAGE.kinesis, check: 'not found' },
  webAcl: { dollars: 5, buys: 1, unit: 'web ACL and month', page: PAGE.waf, check: 'not found' },
  webAclRule: {
    dollars: 1,
    buys: 1,
    unit: 'rule of a web ACL and month',
    page: PAGE.waf,
    check: 'not found',
  },
  sageMakerServerless2Gb: {
    dollars: 0.00004,
    buys: 1,
    unit: 'second of a serverless endpoint with 2 GB',
    page: PAGE.sageMaker,
    check: 'not found',
  },
  sageMakerData: {
    dollars: 0.016,
    buys: 1,
    unit: 'GB in or out of an endpoint',
    page: PAGE.sageMaker,
    check: 'not found',
  },
  sageMakerMlM5Large: {
    dollars: 0.115,
    buys: 1,
    unit: 'ml.m5.large and hour',
    page: PAGE.sageMaker,
    check: 'not found',
  },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof PRICES;
