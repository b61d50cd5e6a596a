import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../../local/project.ts';
import type { ServedModel } from '../server/served-models.ts';
import type { Subject } from '../server/subject.ts';
import type { Peer } from './peer.ts';

export const INSTALL = 'npx tsx scripts/install-peers.ts';

const FOLDER = 'peers';
const SHARED = join(import.meta.dirname, 'model');

/** Clients are installed beside the peers. */
export const OHA = { version: '1.16.0', root: join(CACHE, FOLDER, 'oha-1.16.0') } as const;

/** Program of oha; undefined when it is not installed. */
export function installedOha(): string | undefined {
  const program = join(OHA.root, 'bin', 'oha');
  return existsSync(program) ? program : undefined;
}

/** Folder of a peer's environment below `.cache/`; other pins are another folder. */
export function environmentOf({ folder, packages }: Peer): string {
  const pins = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  return join(FOLDER, `${folder}-${pins}`);
}

/** Where the installation writes why a peer cannot be had. */
export function reasonFile(peer: Peer): string {
  return join(CACHE, `${environmentOf(peer)}.missing`);
}

/** A peer as it can be measured, or why it cannot. */
export function installedPeer(peer: Peer): Subject | { readonly missing: string } {
  const environment = join(CACHE, environmentOf(peer));
  if (existsSync(join(environment, 'complete'))) return subjectOf(peer, join(environment, 'bin'));
  const reason = reasonFile(peer);
  return { missing: existsSync(reason) ? readFileSync(reason, 'utf8').trim() : 'it is not installed' };
}

function subjectOf(peer: Peer, programs: string): Subject {
  return {
    name: peer.name,
    dialect: peer.dialect,
    path: () => peer.path,
    command: ({ file }: ServedModel, port) => {
      const [program = '', ...args] = peer.command(port);
      return {
        file: join(programs, program),
        args,
        directory: join(import.meta.dirname, peer.folder),
        environment: {
          ...peer.environment?.(port),
          PEER_MODEL: file,
          PEER_PORT: String(port),
          PYTHONPATH: SHARED,
          PYTHONDONTWRITEBYTECODE: '1',
          // Nothing else of this machine's Python.
          PATH: `${programs}:/usr/bin:/bin`,
        },
      };
    },
  };
}
