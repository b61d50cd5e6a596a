/**
 * Opens and runs a model, then prints what appeared meanwhile: sockets, and files in its home and temp folders, also ones
 * that are gone again. With `CONTROL=telemetry` onnxruntime may do what it does when nobody forbids it: a check that sees nothing then
 * is blind.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Tensor } from 'onnxruntime-node';
import { loadRuntime } from '../../../../core/engine/load-runtime.ts';
import { sessionOptions } from '../../../../core/engine/session-options.ts';

const [model, ...folders] = process.argv.slice(2) as [string, ...string[]];

/** Looks all the time, on a thread of its own: what is opened and closed while a session is made is seen too. */
const WATCH = `
const { parentPort } = require('node:worker_threads');
const { readdirSync, readlinkSync, existsSync } = require('node:fs');
const seen = new Set();
function look() {
  if (!existsSync('/proc/self/fd')) return;
  for (const fd of readdirSync('/proc/self/fd')) {
    try { seen.add(readlinkSync('/proc/self/fd/' + fd)); } catch {} // closed meanwhile, or that of the listing itself
  }
}
let isOver = false;
parentPort.on('message', () => { isOver = true; });
function watch() {
  for (const end = Date.now() + 5; Date.now() < end; ) look();
  if (!isOver) return setImmediate(watch);
  parentPort.postMessage([...seen]);
  parentPort.close();
}
look();
parentPort.postMessage([...seen]);
watch();
`;

const watcher = new Worker(WATCH, { eval: true });
const told = () => new Promise<string[]>((resolve) => watcher.once('message', resolve));
const before = new Set(await told());

const { InferenceSession } = await loadRuntime();
if (process.env['CONTROL'] === 'telemetry') delete process.env['ORT_DISABLE_TELEMETRY'];
const session = await InferenceSession.create(model, sessionOptions({ threads: 1 }));
const { y } = await session.run({});
const result = Array.from((y as Tensor).data as Float32Array);
await sleep(300);

const after = told();
watcher.postMessage('over');
const isOutside = (each: string) =>
  each.startsWith('socket:') || folders.some((folder) => each.startsWith(folder));
const opened = (await after).filter((each) => !before.has(each) && isOutside(each));
const written = folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }));
process.stdout.write(JSON.stringify({ result, opened, written }));
