import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { environmentOf, installedOha, OHA, reasonFile } from '../bench/peers/installed.ts';
import type { Peer } from '../bench/peers/peer.ts';
import { PEERS } from '../bench/peers/peers.ts';
import { toolEnvironment } from '../local/environment.ts';
import { LocalRunError } from '../local/failure.ts';
import { findPython } from '../local/python.ts';
import { installPythonEnvironment } from '../local/python-environment.ts';
import { runTool } from '../local/run-tool.ts';

/** All peers run on one Python: the newest that each of them has packages for. */
const PYTHON_NAMES = ['python3.12', 'python3.11', 'python3.10', 'python3'] as const;

const USAGE = `npx tsx scripts/install-peers.ts [--only <name>]... [--python <interpreter>]

Installs what \`npm run bench -- --only server\` compares with, below .cache/peers: each server in a virtual environment of
its own, and oha, which asks them (cargo is needed). What cannot be had is named, and left out of the comparison.

  --only    one of ${PEERS.map(({ folder }) => folder).join(', ')}, oha; may be repeated
  --python  the interpreter of all environments; otherwise ${PYTHON_NAMES.join(', ')}, whichever is there`;

async function installPeers(only: readonly string[], given: string | undefined): Promise<void> {
  const isWanted = (name: string) => only.length === 0 || only.includes(name);
  if (isWanted('oha')) await report('oha', installOha);
  // Shims of pyenv answer for versions that are named here.
  process.env['PYENV_VERSION'] ??= '3.12:3.11:3.10';
  const search = given === undefined ? await findPython(undefined, PYTHON_NAMES) : { found: given };
  for (const peer of PEERS.filter(({ folder }) => isWanted(folder))) {
    await report(peer.name, async () => {
      if ('missing' in search) return await missing(peer, search.missing);
      try {
        await installPythonEnvironment(
          { directoryName: environmentOf(peer), purpose: peer.name, packages: peer.packages },
          { python: search.found },
        );
        await rm(reasonFile(peer), { force: true });
        return peer.version;
      } catch (error) {
        if (!(error instanceof LocalRunError)) throw error;
        return await missing(peer, error.message);
      }
    });
  }
}

async function missing(peer: Peer, reason: string): Promise<string> {
  await mkdir(dirname(reasonFile(peer)), { recursive: true });
  await writeFile(reasonFile(peer), `${reason}\n`);
  return `left out. ${reason}`;
}

async function installOha(): Promise<string> {
  if (installedOha()) return OHA.version;
  try {
    await runTool({
      step: 'oha installation',
      file: 'cargo',
      args: ['install', `oha@${OHA.version}`, '--locked', '--root', OHA.root],
      env: toolEnvironment(),
      hint: 'cargo (rustup.rs) must be there, and reach a registry of crates.',
    });
    return OHA.version;
  } catch (error) {
    if (!(error instanceof LocalRunError)) throw error;
    return `left out. ${error.message}`;
  }
}

async function report(name: string, install: () => Promise<string>): Promise<void> {
  process.stdout.write(`${name}: `);
  process.stdout.write(`${await install()}\n`);
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    python: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) process.stdout.write(`${USAGE}\n`);
else await installPeers(values.only, values.python);
