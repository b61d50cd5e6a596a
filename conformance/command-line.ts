import { Command, CommanderError, InvalidArgumentError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { type Call, NEEDS, type Need } from './check.ts';
import { httpCall } from './http-call.ts';
import { writeModels } from './models.ts';
import { jsonReport, textReport } from './report.ts';
import { runSuite } from './run-suite.ts';
import { scoresOf } from './score.ts';

/** What the command sees of the process that runs it. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** All that had to pass did; something did not; called in a way that is not understood; nobody answers. */
export const EXIT = { conforms: 0, fails: 1, usage: 2, unreachable: 3 } as const;

/** Where a token may stand, so that it need not be among the arguments, which other users of the machine can see. */
export const TOKEN_VARIABLE = 'OIP_TOKEN';

interface CheckOptions {
  readonly token?: string;
  readonly header: Readonly<Record<string, string>>;
  readonly json?: boolean;
  readonly class: readonly Need[];
  readonly require: readonly Need[];
  readonly modelPrefix: string;
  readonly allowSkipped?: boolean;
  readonly concurrency: number;
  readonly timeout: number;
}

/** Runs `oip-conformance` with the arguments that follow its name. Never throws. @returns the exit code */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.conforms;
  const program = programFor(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version end in a CommanderError too, with exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.conforms : EXIT.usage;
    terminal.stderr.write(`error: ${reasonOf(error)}\n`);
    return EXIT.fails;
  }
}

function programFor(terminal: Terminal, exit: (code: number) => void): Command {
  const root = new Command('oip-conformance')
    .description('Checks a server of the Open Inference Protocol (V2, HTTP) from outside.')
    .version(packageJson.version, '-V, --version')
    .argument('<url>', 'base URL of the server, without /v2', endpointOf)
    .option('--token <token>', `sent as "Authorization: Bearer <token>"; better in ${TOKEN_VARIABLE}`)
    .option('--header <name: value>', 'sent with every request; may be given several times', header, {})
    .option(
      '--class <classes>',
      'classes of checks to run beside those that are required, with commas between them',
      needs,
      [...NEEDS],
    )
    .option('--require <classes>', 'classes that must pass for exit code 0', needs, ['must'])
    .option('--model-prefix <prefix>', 'stands before the name of each model on the server', '')
    .option('--allow-skipped', 'exit code 0 although checks were skipped for want of a model')
    .option('--concurrency <n>', 'checks that run at the same time', positive, 4)
    .option('--timeout <seconds>', 'for one request', positive, 30)
    .option('--json', 'print the report as JSON')
    .showHelpAfterError('(add --help for how to call it)')
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .exitOverride()
    .action(async (url: string, options: CheckOptions) => exit(await check(url, options, terminal)));
  const models = new Command('models')
    .description('Writes the models that the checks need, in the layout of a Triton model repository.')
    .argument('<directory>')
    .option('--model-prefix <prefix>', 'stands before the name of each model', '')
    .action(async (directory: string, { modelPrefix }: { modelPrefix: string }) => {
      const names = await writeModels(directory, modelPrefix);
      terminal.stdout.write(`${names.length} models written to ${directory}\n`);
    });
  return root.enablePositionalOptions().addCommand(models.copyInheritedSettings(root));
}

async function check(endpoint: string, options: CheckOptions, terminal: Terminal): Promise<number> {
  const token = options.token ?? terminal.environment[TOKEN_VARIABLE];
  const call = httpCall(
    endpoint,
    { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...options.header },
    options.timeout * 1000,
  );
  const obstacle = await obstacleTo(call);
  if (obstacle !== undefined) {
    terminal.stderr.write(`error: ${endpoint}/v2/health/live: ${obstacle}\n`);
    return EXIT.unreachable;
  }
  const { modelPrefix, concurrency } = options;
  const started = performance.now();
  const results = await runSuite({
    call,
    modelPrefix,
    concurrency,
    needs: NEEDS.filter((need) => [...options.class, ...options.require].includes(need)),
  });
  const report = { url: endpoint, results, durationMs: performance.now() - started };
  const hasColours = terminal.stdout.isTTY === true && !terminal.environment['NO_COLOR'];
  terminal.stdout.write(options.json ? `${jsonReport(report)}\n` : textReport(report, hasColours));
  const required = scoresOf(results.filter(({ need }) => options.require.includes(need))).all;
  const isMissing = required.skipped > 0 && !options.allowSkipped;
  return required.failed > 0 || isMissing ? EXIT.fails : EXIT.conforms;
}

/** Why no check can say anything: nobody answers, or only the doorman. */
async function obstacleTo(call: Call): Promise<string | undefined> {
  try {
    const { status } = await call('GET', '/v2/health/live');
    return status === 401 || status === 403
      ? `status ${status}. The server wants to know who calls: give a token in ${TOKEN_VARIABLE}.`
      : undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** The base that paths are put behind; `/v2` at its end is forgiven. */
function endpointOf(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError('It must be a URL that begins with http:// or https://.');
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v2$/, '')}`;
}

function needs(text: string): Need[] {
  const asked = text.split(',').map((need) => need.trim());
  const unknown = asked.filter((need) => !(NEEDS as readonly string[]).includes(need));
  if (unknown.length > 0) throw new InvalidArgumentError(`Classes are ${NEEDS.join(', ')}.`);
  return NEEDS.filter((need) => asked.includes(need));
}

function header(text: string, known: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be "name: value".');
  return { ...known, [name.toLowerCase()]: value };
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number >= 1 && number <= 3600)) throw new InvalidArgumentError('It must be a number from 1 to 3600.');
  return Math.floor(number);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message || code || error.name;
}
