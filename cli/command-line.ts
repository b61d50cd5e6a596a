import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { accessCommand } from './access.ts';
import { aliasCommand } from './alias.ts';
import { deployCommand } from './deploy.ts';
import { destroyCommand } from './destroy.ts';
import { doctorCommand } from './doctor.ts';
import { endpointCommand } from './endpoint.ts';
import { eventsCommand } from './events.ts';
import { diffCommand, historyCommand } from './history.ts';
import { inferCommand } from './infer.ts';
import { modelsCommand } from './models.ts';
import { optimiseCommand } from './optimise.ts';
import { promoteCommand, rollbackCommand } from './promote.ts';
import { quantiseCommand } from './quantise.ts';
import { registerCommand } from './register.ts';
import { reportError } from './report-error.ts';
import { serveCommand } from './serve.ts';
import type { Terminal } from './terminal.ts';
import { tokenCommand } from './token.ts';
import { verifyCommand } from './verify.ts';

/** Done; refused or failed; called in a way that no command understands. */
const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Runs `strata` with the arguments that follow its name. Never throws. @returns the exit code */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  const json = args.includes('--json');
  try {
    await program(terminal, json).parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      return reportUsage(error, terminal, json);
    }
    reportError(error, terminal, json);
    return EXIT.failed;
  }
}

function program(terminal: Terminal, json: boolean): Command {
  const root = new Command('strata')
    .description('Takes ONNX models to endpoints in your own AWS account, and asks them for predictions.')
    .version(packageJson.version, '-V, --version')
    // Otherwise the program's --version would take the one of `strata infer`.
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for how to call it)')
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      // With --json, usage errors are printed as JSON once they arrive here as CommanderError.
      writeErr: (text) => json || terminal.stderr.write(text),
    })
    .exitOverride();
  const commands = [
    optimiseCommand,
    quantiseCommand,
    registerCommand,
    inferCommand,
    modelsCommand,
    aliasCommand,
    promoteCommand,
    verifyCommand,
    rollbackCommand,
    historyCommand,
    diffCommand,
    eventsCommand,
    accessCommand,
    tokenCommand,
    endpointCommand,
    deployCommand,
    destroyCommand,
    serveCommand,
    doctorCommand,
  ];
  for (const command of commands) {
    const added = command(terminal).copyInheritedSettings(root);
    for (const part of added.commands) {
      part.copyInheritedSettings(added);
    }
    root.addCommand(added);
  }
  return root;
}

/** Help and version end in a CommanderError too, with exit code 0. */
function reportUsage(error: CommanderError, terminal: Terminal, json: boolean): number {
  if (error.exitCode === 0) {
    return EXIT.done;
  }
  if (json) {
    const message = error.message.replace(/^error: /, '').replace(/\s+/g, ' ');
    terminal.stderr.write(`${JSON.stringify({ error: message, error_code: 'USAGE' })}\n`);
  }
  return EXIT.usage;
}
