import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean);
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

describe('the package', () => {
  it('has no dependencies: what runs is bundled, what constructs need is a peer', () => {
    expect(manifest.dependencies).toBeUndefined();
    expect(Object.keys(manifest.peerDependencies)).toEqual(['aws-cdk-lib', 'constructs', 'onnxruntime-node']);
  });

  it('pins every tool exactly', () => {
    const loose = Object.entries<string>(manifest.devDependencies).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });

  it('names no address of a package registry', () => {
    expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toContain('"resolved": "http');
  });
});

describe('events', () => {
  const events = tracked.filter((file) => /^events\/.+\.json$/.test(file));
  const tests = tracked
    .filter((file) => /^test\/.+\.ts$/.test(file))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'));

  it.each(events)('%s is JSON and used by a test', (file) => {
    expect(() => JSON.parse(readFileSync(join(ROOT, file), 'utf8'))).not.toThrow();
    expect(tests.some((text) => text.includes(file.slice('events/'.length)))).toBe(true);
  });
});
