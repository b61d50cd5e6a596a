import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { findCdk } from './deploy-cdk.ts';
import { type Check, fail, ok, warn } from './doctor-check.ts';
import type { Terminal } from './terminal.ts';

/** Oldest Node that the command line runs on, as the package's `engines` say. */
const NODE_MAJOR = 22;

/** Oldest Python that the local emulator runs on. */
const PYTHON_MINOR = 10;

/** onnxruntime is linked against this version of the C library. */
const GLIBC: readonly [number, number] = [2, 28];

/** Looks at this machine: what `strata` needs at all, and what single commands need. */
export async function checkMachine(terminal: Terminal): Promise<Check[]> {
  return [
    nodeCheck(process.versions.node),
    platformCheck(process.platform, process.arch, glibcVersion()),
    runtimeCheck(terminal.directory),
    cdkCheck(terminal),
    await pythonCheck(),
  ];
}

export function nodeCheck(version: string): Check {
  return Number(version.split('.')[0]) >= NODE_MAJOR
    ? ok('Node.js', version)
    : fail('Node.js', version, `install Node.js ${NODE_MAJOR} or later`);
}

/** @param glibc `undefined` where the C library is another one */
export function platformCheck(platform: string, arch: string, glibc: string | undefined): Check {
  const name = 'platform';
  const here = `${platform}/${arch}`;
  if ((platform !== 'linux' && platform !== 'darwin') || (arch !== 'x64' && arch !== 'arm64')) {
    return fail(name, here, 'use Linux or macOS on x64 or arm64; on Windows, WSL 2');
  }
  if (platform === 'darwin') return ok(name, here);
  if (glibc === undefined) {
    return warn(
      name,
      `${here}, not glibc`,
      'models cannot run here, deploying can; a Debian, Ubuntu or Fedora based machine can do both',
    );
  }
  const [major = 0, minor = 0] = glibc.split('.').map(Number);
  const isNew = major > GLIBC[0] || (major === GLIBC[0] && minor >= GLIBC[1]);
  return isNew
    ? ok(name, `${here}, glibc ${glibc}`)
    : warn(name, `${here}, glibc ${glibc}`, `models run locally with glibc ${GLIBC.join('.')} or later`);
}

function glibcVersion(): string | undefined {
  // Otherwise the report asks for the names of all open connections.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime;
}

function runtimeCheck(directory: string): Check {
  const name = 'onnxruntime-node';
  for (const from of [resolve(directory, 'package.json'), import.meta.filename]) {
    try {
      const { version } = createRequire(from)('onnxruntime-node/package.json') as { version: string };
      return ok(name, version);
    } catch {}
  }
  return warn(name, 'not installed', 'needed to run models on this machine: npm install onnxruntime-node');
}

function cdkCheck(terminal: Terminal): Check {
  try {
    return ok('AWS CDK', findCdk(terminal));
  } catch (error) {
    return warn('AWS CDK', 'not found', (error as Error).message);
  }
}

async function pythonCheck(): Promise<Check> {
  const name = 'Python';
  const fix = `needed for the local emulator only: Python 3.${PYTHON_MINOR} or later, or Docker`;
  const { stdout, failed } = await execa('python3', ['--version'], {
    stdin: 'ignore',
    reject: false,
    timeout: 10_000,
  });
  const version = /^Python (3\.(\d+)\S*)/.exec(stdout ?? '');
  if (failed || version?.[1] === undefined) return warn(name, 'not found', fix);
  return Number(version[2]) >= PYTHON_MINOR ? ok(name, version[1]) : warn(name, version[1], fix);
}
