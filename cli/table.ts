/** Text in columns, two spaces apart; numbers to the right, as the eye compares them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const columns = head.map((_title, column) => {
    const cells = rows.map((row) => row[column] ?? '');
    return {
      width: Math.max(...lines.map((line) => (line[column] ?? '').length)),
      right: cells.length > 0 && cells.every((cell) => /^-?[\d.,]+(e[+-]?\d+)?( [kMG]?B)?$|^NaN$/.test(cell)),
    };
  });
  return lines
    .map((line) =>
      columns
        .map(({ width, right }, column) => {
          const cell = line[column] ?? '';
          return right ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A size for people: 1536 is `1.5 kB` (powers of 1000). */
export function byteSize(bytes: number): string {
  const unit = ['B', 'kB', 'MB', 'GB'].findLast((_name, power) => bytes >= 1000 ** power) ?? 'B';
  const value = bytes / 1000 ** ['B', 'kB', 'MB', 'GB'].indexOf(unit);
  return `${unit === 'B' ? value : value.toFixed(1)} ${unit}`;
}
