/** Not yet in TypeScript's library. Source: ECMAScript proposal "JSON.parse source text access", in Node since 22. */
const JsonWithSource = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
};

/** Parses JSON without rounding: an integer that a number cannot hold becomes a bigint. @throws SyntaxError */
export function parseExactly(text: string): unknown {
  return JsonWithSource.parse(text, (_key, value, { source }) =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    source !== undefined &&
    /^-?\d+$/.test(source)
      ? BigInt(source)
      : value,
  );
}

/** The inverse of `parseExactly`: a bigint is written with all its digits. */
export function stringifyExactly(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'bigint' ? JsonWithSource.rawJSON(each.toString()) : each,
  );
}
