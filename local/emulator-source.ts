import { join } from 'node:path';
import { execa } from 'execa';
import { installEmulator } from './emulator-install.ts';
import { EmulatorUnavailableError } from './failure.ts';
import type { Host } from './host.ts';
import { findPython } from './python.ts';

const LAUNCHER = join(import.meta.dirname, 'emulator.py');

/** The image that has glibc, which onnxruntime needs, and Node; it must hold the pinned version. */
const IMAGE = 'ministackorg/ministack:full';

const DOCKER_CLIENT = ['HOME', 'DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG'];

const PASSED_INTO_DOCKER = [
  'GATEWAY_PORT',
  'IOT_MTLS_ENABLED',
  'MINISTACK_REGION',
  'NODE_PATH',
  'SFTP_ENABLED',
  'STRATA_HOST_LAYERS',
  'STRATA_RESOURCE_TYPES',
  'TMPDIR',
];

export interface EmulatorCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the emulator's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** How the emulator is run on this machine. */
export interface EmulatorSource {
  readonly name: string;
  /** Where functions run: their native libraries must be built for it. */
  readonly functionsRunOn: Host;
  install(signal: AbortSignal, onLine: (line: string) => void): Promise<void>;
  /** @param runDirectory for everything that the emulator writes */
  command(port: number, runDirectory: string): EmulatorCommand;
}

/**
 * A virtual environment of the machine's Python; Docker where there is no usable Python.
 * @throws EmulatorUnavailableError when there is neither
 */
export async function findEmulatorSource(host: Host): Promise<EmulatorSource> {
  const search = await findPython();
  if ('found' in search) return inPython(search.found, host);
  if (await dockerWorks()) return inDocker(host);
  throw new EmulatorUnavailableError(
    `The AWS emulator cannot run here: ${search.missing}`,
    'Install that, or start Docker, and run npm start again.',
  );
}

function inPython(executable: string, host: Host): EmulatorSource {
  let python: string;
  return {
    name: 'Python',
    functionsRunOn: host,
    install: async (signal, onLine) => {
      python = await installEmulator({ python: executable, signal, onLine });
    },
    command: () => ({ file: python, args: [LAUNCHER] }),
  };
}

async function dockerWorks(): Promise<boolean> {
  const { failed } = await execa('docker', ['info'], { timeout: 10_000, stdin: 'ignore', reject: false });
  return !failed;
}

function inDocker(host: Host): EmulatorSource {
  return {
    name: 'Docker',
    functionsRunOn: { ...host, platform: 'linux' },
    install: async (signal) => {
      await execa('docker', ['pull', '--quiet', IMAGE], { stdin: 'ignore', cancelSignal: signal });
    },
    command: (port, runDirectory) => ({
      file: 'docker',
      // The client finds its engine by the person's own settings.
      env: Object.fromEntries(DOCKER_CLIENT.map((name) => [name, process.env[name]])),
      args: [
        'run',
        '--rm',
        '--interactive',
        `--publish=127.0.0.1:${port}:${port}`,
        `--volume=${runDirectory}:${runDirectory}`,
        `--volume=${LAUNCHER}:/emulator.py:ro`,
        ...PASSED_INTO_DOCKER.map((name) => `--env=${name}`),
        // A published port reaches what listens on the container's own address, not on its loopback.
        '--env=BIND_HOST=0.0.0.0',
        '--env=MINISTACK_HOST=127.0.0.1',
        '--entrypoint=python',
        IMAGE,
        '/emulator.py',
      ],
    }),
  };
}
