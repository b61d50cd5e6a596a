import { availableParallelism } from 'node:os';
import { LeftOutError } from '../benchmark.ts';
import { INSTALL, installedOha, installedPeer, OHA } from '../peers/installed.ts';
import { FIVE, mosec } from '../peers/peers.ts';
import { rotated } from '../repetitions.ts';
import { autocannon } from './client/autocannon.ts';
import type { LoadClient } from './client/load-client.ts';
import { oha } from './client/oha.ts';
import { type RunningServer, startServer } from './running-server.ts';
import type { ServedModel } from './served-models.ts';
import { bareLoops, strata } from './strata.ts';
import type { Subject } from './subject.ts';

/** Where programs run: commands that limit a program and become it. */
export interface Placement {
  readonly server: readonly string[];
  readonly client: readonly string[];
}

/** The server has a core of its own, and the client another. */
export const APART: Placement = { server: ['taskset', '-c', '1'], client: ['taskset', '-c', '0'] };
/** Both have all cores, as on a laptop. */
export const TOGETHER: Placement = { server: [], client: [] };

/** Everybody who takes part, and how long. */
export interface Field {
  readonly client: LoadClient;
  readonly five: readonly Subject[];
  readonly mosec: readonly Subject[];
  readonly quick: boolean;
  readonly rounds: number;
  /** Of one measurement. */
  readonly seconds: number;
  /** Of the warming before a measurement, by the round: the first is the one that warms. */
  warmSeconds(round: number): number;
  readonly note: (text: string) => void;
}

/** @throws LeftOutError where servers cannot be kept on a core, or their processor time not read */
export function openField(quick: boolean, note: (text: string) => void): Field {
  if (process.platform !== 'linux') throw new LeftOutError('it needs /proc and taskset, which Linux has');
  if (availableParallelism() < 2) throw new LeftOutError('it needs two cores: one serves, one asks');
  const program = installedOha();
  const client = program === undefined ? autocannon : oha(program, OHA.version);
  note(`asked by ${client.name}`);
  if (program === undefined) note(`oha is not installed: ${INSTALL}`);
  // A quick run shows that everything of ours runs; peers take seconds to start.
  const installed = (peers: typeof FIVE) =>
    quick
      ? []
      : peers.flatMap((peer) => {
          const subject = installedPeer(peer);
          if (!('missing' in subject)) return [subject];
          note(`${peer.name} ${peer.version} is left out: ${subject.missing}. ${INSTALL}`);
          return [];
        });
  const effort = quick
    ? { rounds: 1, seconds: 0.2, warmSeconds: () => 0.1 }
    : { rounds: 3, seconds: 3, warmSeconds: (round: number) => (round === 0 ? 5 : 1) };
  return { client, five: installed(FIVE), mosec: installed([mosec]), quick, note, ...effort };
}

/** Ours, the floors, and the peers. */
export function everybody({ five, mosec: ofRust }: Field): readonly Subject[] {
  return [strata, ...bareLoops, ...five, ...ofRust];
}

/** What was measured of each server, round by round, by its name. */
export type ByServer<T> = ReadonlyMap<string, readonly T[]>;

/**
 * Starts all servers, and measures them in rounds, of which each begins with another one. While it is not their turn they
 * are stopped.
 */
export async function inRounds<T>(
  { rounds, note }: Field,
  subjects: readonly Subject[],
  model: ServedModel,
  within: readonly string[],
  measureOne: (server: RunningServer, round: number) => Promise<T>,
): Promise<ByServer<T>> {
  const starts = await Promise.allSettled(subjects.map((subject) => startServer(subject, model, within)));
  const running = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const found = new Map<string, T[]>(running.map(({ name }) => [name, []]));
  // A peer that does not start, or refuses, breaks nothing; the first server is ours, and has to work.
  const leaveOut = (error: unknown, isFirst: boolean) => {
    if (isFirst) throw error;
    note(`left out: ${error instanceof Error ? error.message : String(error)}`);
  };
  try {
    for (const [index, start] of starts.entries()) {
      if (start.status === 'rejected') leaveOut(start.reason, index === 0);
    }
    for (const server of running) server.pause();
    for (let round = 0; round < rounds; round++) {
      for (const server of rotated(running, round)) {
        try {
          const measured = found.get(server.name);
          server.resume();
          if (measured) measured.push(await measureOne(server, round));
        } catch (error) {
          leaveOut(error, server.name === subjects[0]?.name);
          found.delete(server.name);
        } finally {
          server.pause();
        }
      }
    }
    return found;
  } finally {
    await Promise.all(running.map((server) => server.stop()));
  }
}
