import { runCommandLine } from './command-line.ts';
import { whereTheUserIs } from './own-name.ts';

// A reader that has seen enough closes the pipe (`strata models | head -1`): that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') {
    throw error;
  }
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  ...whereTheUserIs(process.env, process.cwd()),
});
