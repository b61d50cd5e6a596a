import type { Readable } from 'node:stream';

/** What a command sees of the process that runs it. */
export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the user is: file arguments are relative to it. */
  readonly directory: string;
  /** The package whose script npm runs, when the program is one. */
  readonly package?: string;
}

/** Prints one result: JSON on one line for programs, text for people. */
export function print(terminal: Terminal, json: boolean | undefined, result: unknown, text: string): void {
  terminal.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
}
