import { invalidParameter } from './mlflow-error.ts';

/** A value that records are sorted by, in ascending order of text (by UTF-8 bytes) or number. */
export type SortValue = string | number;

export interface SortKey<T> {
  readonly isAscending: boolean;
  readonly value: (record: T) => SortValue;
}

/**
 * Reads `order_by`: fields, each with ASC or DESC.
 *
 * @param fields what may be sorted by
 * @param always what decides where the fields leave it open
 * @throws InvalidInputError `INVALID_PARAMETER_VALUE`
 */
export function parseOrderBy<T>(
  clauses: readonly string[],
  fields: Readonly<Record<string, SortKey<T>['value']>>,
  always: readonly SortKey<T>[],
): SortKey<T>[] {
  const keys = clauses.map((clause) => {
    const [, quoted, plain, direction = 'ASC'] =
      /^\s*(?:attribute\.)?(?:`(\w+)`|(\w+))(?:\s+(ASC|DESC))?\s*$/i.exec(clause) ?? [];
    const name = quoted ?? plain ?? '';
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value) return { isAscending: direction.toUpperCase() === 'ASC', value };
    throw invalidParameter(
      `Nothing can be sorted by ${JSON.stringify(clause.slice(0, 100))}: use ${Object.keys(fields).join(', ')}, with ASC or DESC.`,
    );
  });
  return [...keys, ...always];
}

export function sortValues<T>(record: T, keys: readonly SortKey<T>[]): SortValue[] {
  return keys.map(({ value }) => value(record));
}

/** Negative when the values come before the others in the order of the keys. */
export function compareValues(
  one: readonly SortValue[],
  other: readonly SortValue[],
  keys: readonly Pick<SortKey<unknown>, 'isAscending'>[],
): number {
  for (const [i, { isAscending }] of keys.entries()) {
    const order = compare(one[i] ?? '', other[i] ?? '');
    if (order !== 0) return isAscending ? order : -order;
  }
  return 0;
}

function compare(one: SortValue, other: SortValue): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return Buffer.compare(Buffer.from(String(one)), Buffer.from(String(other)));
}
