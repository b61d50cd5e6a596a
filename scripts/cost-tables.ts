import { instancesNeeded, realTimeEndpoint, serverlessEndpoint } from '../core/cost/alternatives.ts';
import { type CostLine, totalCost } from '../core/cost/cost-line.ts';
import { idleCost, type TemplateResource } from '../core/cost/idle.ts';
import { PRICE_DATE, PRICE_REGION, PRICES, type Price } from '../core/cost/prices.ts';
import { servingCost, type Traffic } from '../core/cost/serving.ts';

const MILLION = 1_000_000;
const DURATIONS = [10, 50, 200];
const ARCHITECTURES = ['x86_64', 'arm64'] as const;
const VOLUMES = [0, 10_000, 100_000, MILLION, 10 * MILLION, 100 * MILLION];
const COMPARED_MILLISECONDS = 50;

/** The tables of docs/cost.md, by the name of their place on the page. */
export function costTables(resources: readonly TemplateResource[]): Readonly<Record<string, string>> {
  const idle = idleCost(resources);
  return {
    idle: idleTable(idle),
    million: millionTable(),
    volumes: volumesTable(totalCost(idle)),
    prices: pricesTable(),
  };
}

function idleTable(lines: readonly CostLine[]): string {
  const rows = lines.map(({ what, price, quantity, dollars }) => [
    what,
    number(quantity),
    priceText(PRICES[price]),
    money(dollars),
  ]);
  return markdown(
    ['', 'Number', 'Price', 'A month'],
    [...rows, ['**Together**', '', '', `**${money(totalCost(lines))}**`]],
  );
}

function millionTable(): string {
  const cases = DURATIONS.flatMap((milliseconds) =>
    ARCHITECTURES.map((architecture): Traffic => ({ requestsPerMonth: MILLION, milliseconds, architecture })),
  );
  const bills = cases.map(servingCost);
  const positions = bills[0]?.map(({ what }) => what) ?? [];
  return markdown(
    ['', ...cases.map(({ milliseconds, architecture }) => `${milliseconds} ms, ${architecture}`)],
    [
      ...positions.map((what, position) => [
        what,
        ...bills.map((bill) => money(bill[position]?.dollars ?? 0)),
      ]),
      ['**Together**', ...bills.map((bill) => `**${money(totalCost(bill))}**`)],
    ],
  );
}

function volumesTable(idle: number): string {
  const rows = VOLUMES.map((requestsPerMonth) => {
    const traffic = { requestsPerMonth, milliseconds: COMPARED_MILLISECONDS };
    const strata = ARCHITECTURES.map(
      (architecture) => idle + totalCost(servingCost({ ...traffic, architecture })),
    );
    const running = servingCost({ ...traffic, architecture: 'arm64' }).filter(({ what }) =>
      what.startsWith('Lambda'),
    );
    const endpoints = [1, 2].map(
      (least) =>
        `${money(totalCost(realTimeEndpoint(traffic, least)))} (${instancesNeeded(traffic, least)} running)`,
    );
    return [
      number(requestsPerMonth),
      ...strata.map(money),
      money(totalCost(running)),
      money(totalCost(serverlessEndpoint(traffic))),
      ...endpoints,
    ];
  });
  return markdown(
    [
      'Requests a month',
      ...ARCHITECTURES.map((architecture) => `Strata, ${architecture}`),
      'of that, Lambda',
      'SageMaker serverless, 2 GB',
      'SageMaker ml.m5.large, one at least',
      'ml.m5.large, two at least',
    ],
    rows,
  );
}

function pricesTable(): string {
  const rows = Object.values<Price>(PRICES).map((price) => [
    priceText(price),
    `[${new URL(price.page).pathname.split('/').filter(Boolean)[0]}](${price.page})`,
    price.seen ? `[${price.check}](${price.seen})` : price.check,
  ]);
  return `List prices in ${PRICE_REGION}, compared on ${PRICE_DATE}.\n\n${markdown(['Price', 'Page', 'Figure seen'], rows)}`;
}

function priceText({ dollars, buys, unit }: Price): string {
  const amount = `$${plain(dollars)}`;
  return buys === 1 ? `${amount} per ${unit}` : `${amount} per ${number(buys)} ${unit}`;
}

/** Without an exponent, however small. */
function plain(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 12, minimumFractionDigits: 2 });
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** Dollars and cents; what is less than a cent says so. */
function money(dollars: number): string {
  if (dollars === 0) return '$0';
  if (dollars < 0.005) return '< $0.01';
  return `$${dollars.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** Columns of figures to the right. */
function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rules = head.map((_, column) =>
    rows.every((row) => /^(\**[$<\d][^ ]*( \$?[\d(].*)?\**)?$/.test(row[column] ?? '')) ? '--:' : '---',
  );
  return [line(head), `|${rules.join('|')}|`, ...rows.map(line)].join('\n');
}
