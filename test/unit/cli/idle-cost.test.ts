import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packagedApp } from '../../../cli/deploy-app.ts';
import { idleCostLine, idleCostOf } from '../../../cli/idle-cost.ts';
import { PRICES } from '../../../core/cost/prices.ts';

describe('what an assembly costs when nobody uses it', () => {
  let assembly: string;
  beforeEach(async () => {
    assembly = await mkdtemp(join(tmpdir(), 'idle-'));
  });
  afterEach(() => rm(assembly, { recursive: true }));

  const template = (name: string, ...types: string[]) =>
    writeFile(
      join(assembly, `${name}.template.json`),
      JSON.stringify({ Resources: Object.fromEntries(types.map((Type, index) => [`R${index}`, { Type }])) }),
    );

  it('is the sum over its stacks', async () => {
    await template('Data', 'AWS::KMS::Key', 'AWS::DynamoDB::Table');
    await template('Service', 'AWS::KMS::Key', 'AWS::CloudWatch::Alarm');
    const { dollarsPerMonth, lines } = await idleCostOf(assembly);
    expect(dollarsPerMonth).toBe(2 * PRICES.key.dollars + PRICES.alarm.dollars);
    expect(lines).toHaveLength(2);
  });

  it('is said in one line, with the date of the prices', async () => {
    await template('Data', 'AWS::KMS::Key');
    expect(idleCostLine(await idleCostOf(assembly))).toMatch(
      /^\d+\.\d\d USD a month when nobody uses it: encryption keys \d+\.\d\d \(list prices of us-east-1, \d{4}-\d\d-\d\d\)$/,
    );
  });

  it('is known for everything in the packaged app', async () => {
    const { dollarsPerMonth } = await idleCostOf(packagedApp());
    expect(dollarsPerMonth).toBeGreaterThan(0);
  });
});
