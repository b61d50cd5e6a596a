import { basename, join } from 'node:path';
import { PROJECT } from '../../local/project.ts';
import { bundle } from '../child.ts';
import { protocol } from './dialects.ts';
import type { Command, Subject } from './subject.ts';

/** `strata serve` as the package ships it, with its defaults. */
export const strata: Subject = {
  name: 'strata serve',
  dialect: protocol,
  path: ({ file }) => `/v2/models/${basename(file, '.onnx')}/infer`,
  command: ({ file }, port) => serveCommand(file, port),
};

/** @param models a file or a folder */
export function serveCommand(models: string, port: number): Command {
  const program = join(PROJECT, 'assets', 'cli', 'strata.mjs');
  return { file: process.execPath, args: [program, 'serve', models, '--port', String(port)] };
}

/** What a server of JavaScript could at best be, without checks, tokens, metrics and other models. */
export const bareLoops: readonly Subject[] = [
  bareLoop('bare node:http, one run per request', 1),
  bareLoop('bare node:http, merging', 64),
];

function bareLoop(name: string, mostRows: number): Subject {
  return {
    name,
    dialect: protocol,
    path: () => '/',
    command: async ({ file }, port) => ({
      file: process.execPath,
      args: [await bundle('server/bare-loop.ts'), file, String(port), String(mostRows)],
    }),
  };
}
