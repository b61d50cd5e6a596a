import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { FUNCTION_ENVIRONMENT } from '../bench/child.ts';
import { growthOf, type SoakReport, soakInWords } from './soak/soak-report.ts';
import { soakServer } from './soak/soak-server.ts';

/** Of the memory after the warm-up. */
const MOST_GROWTH = 0.1;

/** Two of the three models fit: a quarter of it. */
const FUNCTION_MEGABYTES = '170';

/** The function `infer` under requests to models that do not all fit. */
export async function soakHandler(milliseconds: number): Promise<SoakReport> {
  const script = join(import.meta.dirname, 'soak', 'handler-child.ts');
  const { ipcOutput, stderr } = await execa(
    process.execPath,
    ['--import', 'tsx', script, String(milliseconds)],
    {
      ipc: true,
      stdout: 'ignore',
      reject: false,
      env: { ...FUNCTION_ENVIRONMENT, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: FUNCTION_MEGABYTES },
    },
  );
  const [report] = ipcOutput;
  if (report === undefined) throw new Error(`the process of the function ended without a report: ${stderr}`);
  return report as unknown as SoakReport;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '10' }, json: { type: 'boolean', default: false } },
  });
  const milliseconds = Number(values.minutes) * 60_000;
  // At the same time: each is a process of its own.
  const reports = await Promise.all([
    soakServer(milliseconds, (line) => process.stderr.write(`${line}\n`)),
    soakHandler(milliseconds),
  ]);
  process.stdout.write(`${values.json ? JSON.stringify(reports) : reports.map(soakInWords).join('\n')}\n`);
  const isSound = (report: SoakReport) => report.failures.length === 0 && growthOf(report) <= MOST_GROWTH;
  process.exitCode = reports.every(isSound) ? 0 : 1;
}
