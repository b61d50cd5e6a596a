import { InvalidInputError } from '../errors.ts';
import { type CostLine, costLine } from './cost-line.ts';
import { HOURS_PER_MONTH, type PriceName } from './prices.ts';

/** A resource of a CloudFormation template, as far as its price depends on it. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** What a resource costs by being there. */
interface Charge {
  readonly what: string;
  readonly price: PriceName;
  readonly quantity: number;
}

type Charges = (properties: Readonly<Record<string, unknown>>) => readonly Charge[];

/** Types that cost by the month or hour, used or not. */
const CHARGED: Readonly<Record<string, Charges>> = {
  'AWS::KMS::Key': () => [{ what: 'Encryption keys', price: 'key', quantity: 1 }],
  'AWS::CloudWatch::Alarm': (alarm) => [
    isHighResolution(alarm)
      ? { what: 'Alarms of high resolution', price: 'highResolutionAlarm', quantity: alarmMetrics(alarm) }
      : { what: 'Alarms', price: 'alarm', quantity: alarmMetrics(alarm) },
  ],
  'AWS::CloudWatch::CompositeAlarm': () => [
    { what: 'Composite alarms', price: 'compositeAlarm', quantity: 1 },
  ],
  'AWS::CloudWatch::Dashboard': () => [{ what: 'Dashboards', price: 'dashboard', quantity: 1 }],
  'AWS::Cognito::UserPoolClient': ({ AllowedOAuthFlows: flows }) =>
    Array.isArray(flows) && flows.includes('client_credentials')
      ? [{ what: 'App clients of machines', price: 'machineClient', quantity: 1 }]
      : [],
  'AWS::Kinesis::Stream': ({ ShardCount: shards }) => [
    typeof shards === 'number'
      ? { what: 'Shards of streams', price: 'kinesisShard', quantity: shards * HOURS_PER_MONTH }
      : { what: 'Streams', price: 'kinesisStream', quantity: HOURS_PER_MONTH },
  ],
  'AWS::WAFv2::WebACL': ({ Rules: rules }) => [
    { what: 'Web ACLs', price: 'webAcl', quantity: 1 },
    { what: 'Rules of web ACLs', price: 'webAclRule', quantity: Array.isArray(rules) ? rules.length : 0 },
  ],
};

/** Services of which every resource costs nothing until it is used: then by request, by byte, or by second. */
const FREE_SERVICES = new Set([
  'AWS::ApiGateway',
  'AWS::CDK',
  'AWS::CodeDeploy',
  'AWS::DynamoDB',
  'AWS::Events',
  'AWS::IAM',
  'AWS::KinesisFirehose',
  'AWS::Lambda',
  'AWS::Logs',
  'AWS::S3',
  'AWS::SNS',
  'AWS::SQS',
  'AWS::Scheduler',
  'AWS::StepFunctions',
  'AWS::XRay',
]);

/** The same of single types, in services where others are paid for by the month or hour. */
const FREE_TYPES = new Set([
  'AWS::Budgets::Budget',
  'AWS::Cognito::UserPool',
  'AWS::Cognito::UserPoolDomain',
  'AWS::Cognito::UserPoolGroup',
  'AWS::Cognito::UserPoolResourceServer',
  'AWS::KMS::Alias',
  'AWS::WAFv2::LoggingConfiguration',
  'AWS::WAFv2::WebACLAssociation',
  // A call of a function at deployment.
  'Custom::StrataSigningKey',
]);

/**
 * What resources cost in a month in which nobody uses them. Data that they hold comes on top.
 * @throws InvalidInputError `UNPRICED_RESOURCE` for a type of which it is not known here whether it costs by being there
 */
export function idleCost(resources: readonly TemplateResource[]): CostLine[] {
  const sums = new Map<string, Charge>();
  for (const charge of resources.flatMap(chargesOf)) {
    const quantity = (sums.get(charge.what)?.quantity ?? 0) + charge.quantity;
    sums.set(charge.what, { ...charge, quantity });
  }
  return [...sums.values()]
    .map(({ what, price, quantity }) => costLine(what, price, quantity))
    .toSorted((a, b) => b.dollars - a.dollars || a.what.localeCompare(b.what));
}

function chargesOf({ Type: type, Properties: properties = {} }: TemplateResource): readonly Charge[] {
  const charges = CHARGED[type];
  if (charges) return charges(properties);
  const service = type.slice(0, type.lastIndexOf('::'));
  if (FREE_SERVICES.has(service) || FREE_TYPES.has(type)) return [];
  throw new InvalidInputError(
    'UNPRICED_RESOURCE',
    `It is not known what ${type} costs while nobody uses it. Add it to core/cost/idle.ts: to CHARGED with its price, or to FREE_TYPES.`,
  );
}

/** An alarm is paid for by the metrics that it watches; one with an anomaly band watches three. */
function alarmMetrics({ Metrics: queries }: Readonly<Record<string, unknown>>): number {
  if (!Array.isArray(queries)) return 1;
  const expressions = queries.map((query: { Expression?: unknown }) => query.Expression);
  if (expressions.some((expression) => String(expression).includes('ANOMALY_DETECTION_BAND'))) return 3;
  return Math.max(1, expressions.filter((expression) => expression === undefined).length);
}

function isHighResolution({ Period: period }: Readonly<Record<string, unknown>>): boolean {
  return typeof period === 'number' && period < 60;
}
