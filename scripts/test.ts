import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { Listr } from 'listr2';

const ROOT = resolve(import.meta.dirname, '..');
const REPORT = join(ROOT, '.cache', 'test-report.json');

/** What checks could not do on this machine, one line each. */
const leftOut: string[] = [];

/** Commands that failed, with what they printed. */
const failures: string[] = [];

/** A check that runs a tool and shows its output only when it fails, or leaves something out. */
function check(title: string, ...command: string[]) {
  return {
    title,
    task: async () => {
      const [tool = '', ...args] = command;
      const { exitCode, all } = await execa(tool, args, {
        cwd: ROOT,
        preferLocal: true,
        all: true,
        reject: false,
      });
      if (exitCode !== 0) {
        failures.push(`${command.join(' ')}\n${all}`);
        throw new Error(`${command.join(' ')} ended with ${exitCode}`);
      }
      leftOut.push(...all.split('\n').filter((line) => line.includes(': left out. ')));
    },
  };
}

/** Everything that does not need a test runner. Each check counts as one. */
const checks = [
  check('format and lint', 'npm', 'run', '--silent', 'lint'),
  check('types', 'npm', 'run', '--silent', 'typecheck'),
  check('jsii', 'npm', 'run', '--silent', 'check:jsii'),
  check('build', 'npm', 'run', '--silent', 'build'),
];

/** What needs the build. */
const checksOfBuild = [check('templates', 'npm', 'run', '--silent', 'lint:templates')];

for (const tasks of [checks, checksOfBuild]) {
  await new Listr(tasks, {
    concurrent: true,
    exitOnError: false,
    rendererOptions: { collapseErrors: false, showErrorMessage: false },
    fallbackRendererOptions: {},
  }).run();
}
for (const message of failures) process.stderr.write(`\n${message}\n`);
for (const line of leftOut) process.stdout.write(`${line}\n`);

await mkdir(join(ROOT, '.cache'), { recursive: true });
const vitest = await execa(
  'vitest',
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`],
  { cwd: ROOT, preferLocal: true, stdio: 'inherit', reject: false },
);

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly success: boolean;
}
const report: Report | undefined = await readFile(REPORT, 'utf8').then(JSON.parse, () => undefined);
const passed = checks.length + checksOfBuild.length - failures.length + (report?.numPassedTests ?? 0);
const skipped = report?.numPendingTests ?? 0;
// A suite that could not start has no failed test of its own.
const failed = failures.length + Math.max(report?.numFailedTests ?? 0, vitest.exitCode === 0 ? 0 : 1);
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = failed === 0 ? 0 : 1;
