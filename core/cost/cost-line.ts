import { PRICES, type PriceName } from './prices.ts';

/** One position of a monthly bill. */
export interface CostLine {
  /** What is paid for, for example `Alarms`. */
  readonly what: string;
  readonly price: PriceName;
  /** In units of the price. */
  readonly quantity: number;
  /** Per month. */
  readonly dollars: number;
}

/** A position of the bill: so many units at the price. */
export function costLine(what: string, price: PriceName, quantity: number): CostLine {
  const { dollars, buys } = PRICES[price];
  return { what, price, quantity, dollars: (quantity / buys) * dollars };
}

/** Dollars per month. */
export function totalCost(lines: readonly CostLine[]): number {
  return lines.reduce((sum, { dollars }) => sum + dollars, 0);
}
