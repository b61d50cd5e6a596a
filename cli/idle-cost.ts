import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** When the prices below were read, and of which region they are. Without tax, free tiers and discounts. */
export const PRICES_OF = { date: '2026-11', region: 'us-east-1', currency: 'USD' } as const;

const HOURS = 730;

type Properties = Readonly<Record<string, unknown>>;

interface Price {
  readonly what: string;
  /** USD a month for one resource that nobody uses. */
  readonly monthly: (properties: Properties) => number;
  /** Where AWS publishes it. */
  readonly source: string;
}

/**
 * What costs money by being there. What is not listed costs nothing until it is used: functions, the API, on-demand
 * tables, buckets, user pools (their storage is paid by what lies in them).
 */
export const IDLE_PRICES: Readonly<Record<string, Price>> = {
  'AWS::KMS::Key': {
    what: 'key',
    monthly: () => 1,
    source: 'https://aws.amazon.com/kms/pricing/',
  },
  'AWS::CloudWatch::Alarm': {
    what: 'alarm',
    monthly: ({ Metrics, Period }) => alarmMetrics(Metrics) * (Number(Period) < 60 ? 0.3 : 0.1),
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  'AWS::CloudWatch::CompositeAlarm': {
    what: 'composite alarm',
    monthly: () => 0.5,
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  'AWS::CloudWatch::Dashboard': {
    what: 'dashboard',
    monthly: () => 3,
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  'AWS::Kinesis::Stream': {
    what: 'stream',
    monthly: ({ StreamModeDetails, ShardCount }) =>
      HOURS * (isOnDemand(StreamModeDetails) ? 0.04 : 0.015 * Number(ShardCount ?? 1)),
    source: 'https://aws.amazon.com/kinesis/data-streams/pricing/',
  },
  'AWS::WAFv2::WebACL': {
    what: 'web ACL with its rules',
    monthly: ({ Rules }) => 5 + (Array.isArray(Rules) ? Rules.length : 0),
    source: 'https://aws.amazon.com/waf/pricing/',
  },
  'AWS::SecretsManager::Secret': {
    what: 'secret',
    monthly: () => 0.4,
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
  },
};

/** An alarm on metric math is billed by the metrics that it reads. */
function alarmMetrics(metrics: unknown): number {
  if (!Array.isArray(metrics)) return 1;
  return Math.max(
    1,
    metrics.filter((each: { MetricStat?: unknown }) => each.MetricStat !== undefined).length,
  );
}

function isOnDemand(details: unknown): boolean {
  return (details as { StreamMode?: string } | undefined)?.StreamMode === 'ON_DEMAND';
}

export interface IdleCost {
  readonly usdPerMonth: number;
  readonly items: readonly { readonly what: string; readonly count: number; readonly usdPerMonth: number }[];
}

interface Template {
  readonly Resources?: Readonly<Record<string, { readonly Type: string; readonly Properties?: Properties }>>;
}

/** What templates cost a month when nobody uses them. Rounded to cents. */
export function idleCost(templates: readonly Template[]): IdleCost {
  const sums = new Map<string, { count: number; usdPerMonth: number }>();
  for (const { Type, Properties = {} } of templates.flatMap(({ Resources = {} }) =>
    Object.values(Resources),
  )) {
    const price = IDLE_PRICES[Type];
    if (price === undefined) continue;
    const { count, usdPerMonth } = sums.get(price.what) ?? { count: 0, usdPerMonth: 0 };
    sums.set(price.what, { count: count + 1, usdPerMonth: usdPerMonth + price.monthly(Properties) });
  }
  const items = [...sums].map(([what, { count, usdPerMonth }]) => ({
    what,
    count,
    usdPerMonth: cents(usdPerMonth),
  }));
  return { usdPerMonth: cents(items.reduce((sum, item) => sum + item.usdPerMonth, 0)), items };
}

/** The same of all templates of an assembly. */
export async function idleCostOf(assembly: string): Promise<IdleCost> {
  const names = (await readdir(assembly)).filter((name) => name.endsWith('.template.json'));
  const texts = await Promise.all(names.sort().map((name) => readFile(join(assembly, name), 'utf8')));
  return idleCost(texts.map((text) => JSON.parse(text) as Template));
}

/** One line for people. */
export function idleCostLine({ usdPerMonth, items }: IdleCost): string {
  const parts = items.map(({ what, count, usdPerMonth: usd }) => `${count} × ${what} ${usd.toFixed(2)}`);
  const of = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  return `${usdPerMonth.toFixed(2)} ${PRICES_OF.currency} a month when nobody uses it${of} (${PRICES_OF.region}, ${PRICES_OF.date})`;
}

function cents(usd: number): number {
  return Math.round(usd * 100) / 100;
}
