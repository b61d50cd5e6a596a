import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@aws-lambda-powertools/logger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Engine } from '../../../../core/engine/engine.ts';
import { singleVersionRegistry } from '../../../../core/registry/single-version.ts';
import { readEnvironment } from '../../../../lambdas/infer/environment.ts';
import { prime } from '../../../../lambdas/infer/prime.ts';
import { storeWith, versionOf } from '../../../support/models/model-versions.ts';
import { printed } from '../../../support/printed.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'prime-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const AHEAD = { AWS_LAMBDA_INITIALIZATION_TYPE: 'provisioned-concurrency' };
const version = versionOf('add_sub');

async function primed(models: string[], environment: NodeJS.ProcessEnv) {
  const runner = new Engine({ artifacts: storeWith('add_sub'), directory, maxBytes: 1e6 });
  const { log } = await printed(async () => {
    const logger = new Logger({ serviceName: 'infer' });
    await prime(models, { registry: singleVersionRegistry(version), runner, logger }, environment);
  });
  return { isOpen: runner.isOpen(version), log };
}

describe('priming', () => {
  it('opens the champions where environments are started ahead of requests', async () => {
    expect((await primed(['add_sub'], AHEAD)).isOpen).toBe(true);
  });

  it('opens nothing where a request waits already', async () => {
    expect((await primed(['add_sub'], {})).isOpen).toBe(false);
    expect((await primed(['add_sub'], { AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand' })).isOpen).toBe(false);
  });

  it('goes on when a model cannot be opened, and logs which', async () => {
    const { isOpen, log } = await primed(['gone', 'add_sub'], AHEAD);
    expect(isOpen).toBe(true);
    expect(log).toMatchObject([{ level: 'ERROR', model: 'gone' }]);
  });
});

describe('the environment', () => {
  const given = {
    STRATA_REGISTRY_TABLE: 't',
    STRATA_ARTIFACTS_BUCKET: 'b',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
  };

  it('names the models, or none', () => {
    expect(readEnvironment({ ...given, STRATA_PRIME: '["a","b"]' }).prime).toEqual(['a', 'b']);
    expect(readEnvironment(given).prime).toEqual([]);
    expect(() => readEnvironment({ ...given, STRATA_PRIME: '{}' })).toThrow('expected array');
  });
});
