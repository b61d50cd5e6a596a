import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { madeUpInputs } from '../../../cli/deploy-first-call.ts';
import { Engine } from '../../../core/engine/engine.ts';
import { DATATYPES } from '../../../core/tensor/tensor.ts';
import { storeWith, versionOf } from '../../support/models/model-versions.ts';
import { serve } from '../core/protocol/in-memory.ts';

const names = [
  ...DATATYPES.map((datatype) => `identity_${datatype.toLowerCase()}`),
  'add_sub',
  'branches',
  'constant',
  'fixed',
  'ir3',
  'optional_input',
  'scalar',
  'vector_bytes',
];
const directory = mkdtempSync(`${tmpdir()}/first-call-`);
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const runner = new Engine({
  artifacts: storeWith(...names),
  directory,
  memoryMegabytes: 1769,
  maxBytes: 1e6,
});
const versions = names.map(versionOf);
const { call } = serve(versions, { runner });

describe('made-up inputs', () => {
  it.each(versions)('are taken by the model $model', async ({ model, description }) => {
    const inputs = madeUpInputs(description.inputs);
    const answer = await call('POST', `/v2/models/${model}/infer`, { body: { inputs } });
    expect(answer.status).toBe(200);
  });

  it('leave out what has a default, and take 1 for every free dimension', () => {
    expect(
      madeUpInputs([
        { name: 'x', datatype: 'INT64', shape: [-1, 2] },
        { name: 'bias', datatype: 'FP32', shape: [1], optional: true },
      ]),
    ).toEqual([{ name: 'x', datatype: 'INT64', shape: [1, 2], data: [0, 0] }]);
  });

  it('are none where an example would be too large', () => {
    expect(madeUpInputs([{ name: 'image', datatype: 'FP32', shape: [-1, 3, 224, 224] }])).toBeUndefined();
  });
});
