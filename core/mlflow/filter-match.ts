import type { Comparator, Term } from './filter.ts';
import { isLike } from './like.ts';

/** Whether a record's value satisfies a comparison. What a record does not have satisfies none, `!=` included. */
export function satisfies(value: string | number | undefined, { comparator, value: wanted }: Term): boolean {
  if (value === undefined) return false;
  if (typeof wanted === 'number') return compares(Number(value), comparator, wanted);
  const text = String(value);
  if (typeof wanted !== 'string') return wanted.includes(text) === (comparator === 'IN');
  switch (comparator) {
    case 'LIKE':
      return isLike(text, wanted);
    case 'ILIKE':
      return isLike(text.toLowerCase(), wanted.toLowerCase());
    default:
      return (text === wanted) === (comparator === '=');
  }
}

function compares(value: number, comparator: Comparator, wanted: number): boolean {
  switch (comparator) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '<':
      return value < wanted;
    case '<=':
      return value <= wanted;
    case '>':
      return value > wanted;
    default:
      return value >= wanted;
  }
}
