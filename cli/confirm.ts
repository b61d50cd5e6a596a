import { createInterface } from 'node:readline/promises';
import { InvalidInputError } from '../core/errors.ts';
import type { Terminal } from './terminal.ts';

export interface Question {
  /** What is going to happen, in lines. */
  readonly plan: string;
  /** What has to be typed. @default 'y' */
  readonly answer?: string;
}

/**
 * Shows what is going to happen and asks whether it should.
 * @throws InvalidInputError `NOT_CONFIRMED`; `CONFIRMATION_NEEDED` where nobody can be asked
 */
export async function confirm({ plan, answer = 'y' }: Question, terminal: Terminal): Promise<void> {
  const { stdin, stdout } = terminal;
  if ((stdin as { isTTY?: boolean }).isTTY !== true) {
    throw new InvalidInputError(
      'CONFIRMATION_NEEDED',
      'Nobody can be asked here whether to go on; read what the command does and give --yes.',
    );
  }
  const prompt = createInterface({ input: stdin, output: stdout });
  try {
    const wanted = answer === 'y' ? 'Go on? (y/N) ' : `Type ${answer} to go on: `;
    const typed = (await prompt.question(`${plan}\n\n${wanted}`)).trim();
    if (typed !== answer && !(answer === 'y' && typed.toLowerCase() === 'yes')) {
      throw new InvalidInputError('NOT_CONFIRMED', 'Nothing was changed.');
    }
  } finally {
    prompt.close();
  }
}
