import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CostLine, totalCost } from '../core/cost/cost-line.ts';
import { idleCost, type TemplateResource } from '../core/cost/idle.ts';
import { PRICE_DATE, PRICE_REGION } from '../core/cost/prices.ts';

/** What an assembly costs by being there. */
export interface IdleCost {
  /** US dollars, before free tiers, discounts and tax. */
  readonly dollarsPerMonth: number;
  readonly lines: readonly Pick<CostLine, 'what' | 'dollars'>[];
  /** When and for which region the prices were read. */
  readonly pricesOf: { readonly date: string; readonly region: string };
}

/** What all templates of an assembly cost in a month in which nobody uses them. */
export async function idleCostOf(assembly: string): Promise<IdleCost> {
  const names = (await readdir(assembly)).filter((name) => name.endsWith('.template.json'));
  const texts = await Promise.all(names.map((name) => readFile(join(assembly, name), 'utf8')));
  const resources = texts.flatMap((text) => {
    const { Resources = {} } = JSON.parse(text) as { Resources?: Record<string, TemplateResource> };
    return Object.values(Resources);
  });
  const lines = idleCost(resources);
  return {
    dollarsPerMonth: cents(totalCost(lines)),
    lines: lines.map(({ what, dollars }) => ({ what, dollars: cents(dollars) })),
    pricesOf: { date: PRICE_DATE, region: PRICE_REGION },
  };
}

/** One line for people. */
export function idleCostLine({ dollarsPerMonth, lines, pricesOf }: IdleCost): string {
  const parts = lines.map(({ what, dollars }) => `${what.toLowerCase()} ${dollars.toFixed(2)}`);
  const of = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  return `${dollarsPerMonth.toFixed(2)} USD a month when nobody uses it${of} (list prices of ${pricesOf.region}, ${pricesOf.date})`;
}

function cents(dollars: number): number {
  return Math.round(dollars * 100) / 100;
}
