import { table } from './table.ts';

/** What the doctor found out about one thing. */
export interface Check {
  readonly name: string;
  /** warn: works, with a limit that the text names. fail: a deployment would not work. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it. */
  readonly fix?: string;
}

export const ok = (name: string, found: string): Check => ({ name, status: 'ok', found });
export const warn = (name: string, found: string, fix: string): Check => ({
  name,
  status: 'warn',
  found,
  fix,
});
export const fail = (name: string, found: string, fix: string): Check => ({
  name,
  status: 'fail',
  found,
  fix,
});

export function failures(checks: readonly Check[]): Check[] {
  return checks.filter(({ status }) => status === 'fail');
}

/** A table, then one line for each thing that can be done. */
export function checkReport(checks: readonly Check[]): string {
  const rows = checks.map(({ name, status, found }) => [status, name, found]);
  const fixes = checks.flatMap(({ name, fix }) => (fix === undefined ? [] : [`  ${name}: ${fix}`]));
  return [table(['', 'check', 'found'], rows), ...(fixes.length > 0 ? ['', 'To do:', ...fixes] : [])].join(
    '\n',
  );
}
