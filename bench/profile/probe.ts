import { Session } from 'node:inspector/promises';
import { findSourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { inferenceSubjects } from '../inference/subjects.ts';
import { type SourceOf, selfTimes } from './self-time.ts';

/** Profiles each request in a process of its own: what one leaves to the optimiser does not colour the next. */
const [file = '', name = '', milliseconds = '200'] = process.argv.slice(2);
const subject = (await inferenceSubjects(file)).find((candidate) => candidate.name === name);
if (!subject) throw new Error(`there is no request "${name}"`);

async function answerFor(duration: number): Promise<void> {
  for (const end = performance.now() + duration; performance.now() < end; ) await subject?.handler();
}

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 100 });
await answerFor(Number(milliseconds) / 2);
await session.post('Profiler.start');
await answerFor(Number(milliseconds));
const { profile } = await session.post('Profiler.stop');

process.send?.(selfTimes(profile, sourceOf));

/** The file below the project; undefined for what the bundler or Node added. */
function sourceOf({ url, lineNumber, columnNumber }: Parameters<SourceOf>[0]): string | undefined {
  const map = url.startsWith('file:') ? findSourceMap(fileURLToPath(url)) : undefined;
  const { originalSource }: { originalSource?: string } = map?.findEntry(lineNumber, columnNumber) ?? {};
  return originalSource?.replace(/^.*?(?=(aws|bench|core|lambdas|lib|node_modules)\/)/, '');
}
