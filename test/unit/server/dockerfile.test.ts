import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };

/** Instructions of the file, with what they are given. */
const instructions = readFileSync('server/Dockerfile', 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return { name, rest: rest.replaceAll(/\s+/g, ' ') };
  });
const all = (name: string) => instructions.filter((each) => each.name === name).map(({ rest }) => rest);

describe('the image', () => {
  it('has instructions that Docker knows, and a base of glibc', () => {
    const known = new Set([
      'ARG',
      'FROM',
      'WORKDIR',
      'RUN',
      'LABEL',
      'ENV',
      'COPY',
      'USER',
      'EXPOSE',
      'HEALTHCHECK',
      'CMD',
      'ENTRYPOINT',
    ]);
    expect(instructions.filter(({ name }) => !known.has(name))).toEqual([]);
    expect(all('ARG')[0]).toMatch(/^NODE_IMAGE=node:\d+-bookworm-slim$/);
  });

  it('holds the runtime that everything else is tested with', () => {
    expect(all('ARG')).toContain(`ONNXRUNTIME_VERSION=${packageJson.devDependencies['onnxruntime-node']}`);
  });

  it('is made of the files of the build, and nothing else', () => {
    const copied = all('COPY').filter((rest) => !rest.startsWith('--from'));
    expect(copied).toEqual(['server/strata-server.mjs server/engine-worker.mjs ./']);
  });

  it('does not run as root, and starts without a shell, so that it gets its signals', () => {
    expect(instructions.findLastIndex(({ name }) => name === 'USER')).toBeGreaterThan(
      instructions.findLastIndex(({ name }) => name === 'RUN'),
    );
    expect(all('USER')).toEqual(['node']);
    expect(JSON.parse(all('ENTRYPOINT')[0] ?? '')).toEqual(['node', 'strata-server.mjs']);
  });

  it('is healthy while /ping answers 200', () => {
    const [check = ''] = all('HEALTHCHECK');
    const command = JSON.parse(check.slice(check.indexOf('['))) as string[];
    expect(command.slice(0, 2)).toEqual(['node', '-e']);
    expect(command[2]).toContain('/ping');
  });
});
