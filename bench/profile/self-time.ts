import type { Profiler } from 'node:inspector';

/** What a function of a profile cost itself, without those that it called. */
export interface SelfTime {
  /** Name and place, for example `parse core/protocol/route.ts`. */
  readonly name: string;
  /** Share of the time that is not idle, from 0 to 1. */
  readonly share: number;
}

/** Where the profiler's function stands in the sources: its file, or undefined when nothing is known of it. */
export type SourceOf = (frame: {
  url: string;
  lineNumber: number;
  columnNumber: number;
}) => string | undefined;

/** Time in which the process had nothing to do. */
const IDLE = '(idle)';

/** The most expensive functions of a CPU profile, the dearest first. */
export function selfTimes({ nodes, samples, timeDeltas }: Profiler.Profile, sourceOf: SourceOf): SelfTime[] {
  const callers = new Map(
    nodes.flatMap((node) => node.children?.map((child) => [child, node] as const) ?? []),
  );
  const microseconds = new Map<number, number>();
  for (const [index, node] of (samples ?? []).entries()) {
    microseconds.set(node, (microseconds.get(node) ?? 0) + (timeDeltas?.[index] ?? 0));
  }
  const byName = new Map<string, number>();
  for (const node of nodes) {
    const spent = microseconds.get(node.id) ?? 0;
    if (spent === 0 || node.callFrame.functionName === IDLE) continue;
    const name = nameOf(node, callers, sourceOf);
    byName.set(name, (byName.get(name) ?? 0) + spent);
  }
  const all = [...byName.values()].reduce((sum, spent) => sum + spent, 0);
  return [...byName]
    .map(([name, spent]) => ({ name, share: spent / all }))
    .toSorted((a, b) => b.share - a.share);
}

/** Native functions have no place, and often no name: they go by who called them. */
function nameOf(
  { id, callFrame }: Profiler.ProfileNode,
  callers: ReadonlyMap<number, Profiler.ProfileNode>,
  sourceOf: SourceOf,
): string {
  const { functionName, url } = callFrame;
  if (functionName.startsWith('(')) return functionName;
  const caller = callers.get(id);
  if (url === '' && caller) return `native ${functionName || 'code'} in ${nameOf(caller, callers, sourceOf)}`;
  return `${functionName || '(anonymous)'} ${sourceOf(callFrame) ?? url}`;
}

/** The same by package, by room of ours, or by part of Node. */
export function byOwner(times: readonly SelfTime[]): SelfTime[] {
  const owners = new Map<string, number>();
  for (const { name, share } of times) {
    const owner = ownerOf(name);
    owners.set(owner, (owners.get(owner) ?? 0) + share);
  }
  return [...owners].map(([name, share]) => ({ name, share })).toSorted((a, b) => b.share - a.share);
}

function ownerOf(name: string): string {
  // The profiler's own entries, such as (garbage collector).
  if (name.endsWith(')')) return name;
  const path = name.slice(name.lastIndexOf(' ') + 1);
  const [, packageName] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  const [room] = /^(core\/[^/]+|lambdas\/[^/]+|aws|bench)/.exec(path) ?? [];
  if (path.startsWith('node:')) return 'Node';
  return packageName ?? room ?? path;
}
