import type { Terminal } from './terminal.ts';

type Environment = Terminal['environment'];

/**
 * How this program is called where it was started: by an npm script, by npx, or by its name. npm tells a script its
 * name, and npx goes by the name `npx`.
 */
export function ownName({ npm_lifecycle_event: script }: Environment): string {
  if (script === 'npx') return 'npx strata';
  return script === 'strata' ? `npm run --silent ${script} --` : 'strata';
}

/** A message with its lines to paste, `strata …`, as they work where the program was started. */
export function asCalledHere(message: string, environment: Environment): string {
  return message.replaceAll('`strata ', `\`${ownName(environment)} `);
}

/** npm runs a script in its package's folder, and says in INIT_CWD where it was called itself. */
export function whereTheUserIs(
  { npm_lifecycle_event: script, INIT_CWD: called }: Environment,
  directory: string,
): Pick<Terminal, 'directory' | 'package'> {
  return script === 'strata' && called ? { directory: called, package: directory } : { directory };
}
