/** Opens and runs a model, then prints what appeared meanwhile: open files and sockets, threads, files in its home and temp folders. */
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tensor } from 'onnxruntime-node';
import { loadRuntime } from '../../../../core/engine/load-runtime.ts';
import { sessionOptions } from '../../../../core/engine/session-options.ts';

const [model, ...folders] = process.argv.slice(2) as [string, ...string[]];

function openDescriptors(): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the descriptor of the listing itself
    }
  });
}

const before = new Set(openDescriptors());
const { InferenceSession } = await loadRuntime();
const session = await InferenceSession.create(model, sessionOptions({ threads: 1 }));
const { y } = await session.run({});
const result = Array.from((y as Tensor).data as Float32Array);

const opened = new Set<string>();
for (const end = Date.now() + 300; Date.now() < end; await sleep(5)) {
  for (const each of openDescriptors()) if (!before.has(each)) opened.add(each);
}
const written = folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }));
process.stdout.write(JSON.stringify({ result, opened: [...opened], written }));
