import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Engine, type EngineOptions } from '../../../../core/engine/engine.ts';
import type { EngineEvent } from '../../../../core/engine/engine-event.ts';
import type { Tensor } from '../../../../core/tensor/tensor.ts';
import { modelFile } from '../../../support/models/model-file.ts';
import {
  artifactOf,
  type MemoryArtifacts,
  storeWith,
  versionOf,
} from '../../../support/models/model-versions.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'engine-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function engineOn(artifacts: MemoryArtifacts, options: Partial<EngineOptions> = {}) {
  const events: EngineEvent[] = [];
  const engine = new Engine({
    artifacts,
    directory,
    memoryMegabytes: 1769,
    maxBytes: 1_000_000,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { engine, events };
}

function rows(count: number, value = 1): Tensor {
  return { datatype: 'FP32', shape: [count, 4], data: new Float32Array(count * 4).fill(value) };
}

describe('a run', () => {
  it('gives the outputs that were asked for, by name', async () => {
    const { engine } = engineOn(storeWith('add_sub'));
    const version = versionOf('add_sub');
    const inputs = new Map([
      ['a', rows(2, 5)],
      ['b', rows(2, 3)],
    ]);

    const both = await engine.run(version, inputs, ['sum', 'difference']);
    expect(both.get('sum')).toEqual(rows(2, 8));
    expect(both.get('difference')).toEqual(rows(2, 2));

    const one = await engine.run(version, inputs, ['difference']);
    expect([...one.keys()]).toEqual(['difference']);
    expect(await engine.run(version, inputs, [])).toEqual(new Map());
  });

  it('needs no input when the model has none', async () => {
    const { engine } = engineOn(storeWith('constant'));
    const outputs = await engine.run(versionOf('constant'), new Map(), ['y']);
    expect(outputs.get('y')).toEqual({ datatype: 'FP32', shape: [3], data: Float32Array.of(1, 2, 3) });
  });

  it('uses the default of an optional input, and refuses to replace it rather than ignore the value', async () => {
    const { engine } = engineOn(storeWith('optional_input'));
    const version = versionOf('optional_input');
    const x: Tensor = { datatype: 'FP32', shape: [1, 2], data: Float32Array.of(3, 4) };
    const scale: Tensor = { datatype: 'FP32', shape: [1], data: Float32Array.of(10) };

    const outputs = await engine.run(version, new Map([['x', x]]), ['y']);
    expect(outputs.get('y')?.data).toEqual(Float32Array.of(6, 8));
    await expect(
      engine.run(
        version,
        new Map([
          ['x', x],
          ['scale', scale],
        ]),
        ['y'],
      ),
    ).rejects.toMatchObject({ code: 'INFERENCE_FAILED', message: expect.stringContaining('"scale"') });
  });

  it("tells the caller the runtime's reason, without the runtime's files", async () => {
    const { engine } = engineOn(storeWith('add_sub'));
    const inputs = new Map([
      ['a', rows(2)],
      ['b', rows(3)],
    ]);
    const refusal = engine.run(versionOf('add_sub'), inputs, ['difference']);
    await expect(refusal).rejects.toMatchObject({
      name: 'InvalidInputError',
      code: 'INFERENCE_FAILED',
      statusCode: 400,
    });
    await expect(refusal).rejects.toThrow(
      /operator Sub .*Attempting to broadcast an axis by a dimension other than 1\. 2 by 3/,
    );
    await expect(refusal).rejects.not.toThrow(/\/onnxruntime|\.h|::/);
  });

  it('refuses a string with a NUL character, which the runtime would cut', async () => {
    const { engine } = engineOn(storeWith('vector_bytes'));
    const x: Tensor = { datatype: 'BYTES', shape: [1], data: ['before\0after'] };
    await expect(engine.run(versionOf('vector_bytes'), new Map([['x', x]]), ['y'])).rejects.toMatchObject({
      code: 'INFERENCE_FAILED',
      message: expect.stringContaining('Element 0 of the input "x"'),
    });
  });

  it('leaves outputs valid after the session is closed', async () => {
    const { engine, events } = engineOn(storeWith('add_sub', 'fixed'), { maxBytes: 1 });
    const inputs = new Map([
      ['a', rows(1, 2)],
      ['b', rows(1, 2)],
    ]);
    const outputs = await engine.run(versionOf('add_sub'), inputs, ['sum']);
    await engine.load(versionOf('fixed'));
    expect(events).toContainEqual({ type: 'session-evicted', ...artifactOf(modelFile('add_sub')) });
    expect(outputs.get('sum')).toEqual(rows(1, 4));
  });
});

describe('a load', () => {
  it('of a model that the memory cannot hold is refused for good, before it is fetched', async () => {
    const store = storeWith('add_sub');
    const { engine, events } = engineOn(store, { memoryMegabytes: 512 });
    const version = versionOf('add_sub');
    const size = 200 * 1024 * 1024;
    await expect(engine.load({ ...version, artifact: { ...version.artifact, size } })).rejects.toMatchObject({
      code: 'MODEL_TOO_LARGE_FOR_ENDPOINT',
      statusCode: 507,
      retryable: false,
    });
    expect(store.opened).toEqual([]);
    expect(events).toEqual([
      expect.objectContaining({ type: 'load-failed', code: 'MODEL_TOO_LARGE_FOR_ENDPOINT' }),
    ]);
  });

  it('happens once for all that wait for it, and is reported with its parts', async () => {
    const store = storeWith('add_sub');
    const { engine, events } = engineOn(store);
    const version = versionOf('add_sub');
    await Promise.all([engine.load(version), engine.load(version), engine.load(version)]);
    await engine.load(version);

    expect(store.opened).toEqual([version.artifact.digest]);
    expect(events).toEqual([
      {
        type: 'session-loaded',
        ...version.artifact,
        source: 'store',
        runtimeMs: expect.any(Number),
        fetchMs: expect.any(Number),
        openMs: expect.any(Number),
        warmUpMs: expect.any(Number),
        warm: true,
      },
    ]);
  });

  it('measures its parts with the clock that it is given', async () => {
    let time = 0;
    const { engine, events } = engineOn(storeWith('add_sub'), { now: () => time++ });
    await engine.load(versionOf('add_sub'));
    expect(events).toMatchObject([{ runtimeMs: 1, fetchMs: 1, openMs: 1, warmUpMs: 1 }]);
  });

  it('makes no first run of its own where the caller runs it next', async () => {
    const { engine, events } = engineOn(storeWith('add_sub'), { now: () => 0 });
    await engine.load(versionOf('add_sub'), { runsNext: true });
    expect(events).toMatchObject([{ type: 'session-loaded', warmUpMs: 0, warm: false }]);
    expect(
      await engine.run(
        versionOf('add_sub'),
        new Map([
          ['a', rows(1)],
          ['b', rows(1)],
        ]),
        ['sum'],
      ),
    ).toHaveProperty('size', 1);
  });

  it('takes the verified file of an earlier process', async () => {
    const version = versionOf('add_sub');
    await engineOn(storeWith('add_sub')).engine.load(version);

    const store = storeWith();
    const { engine, events } = engineOn(store);
    await engine.load(version);
    expect(store.opened).toEqual([]);
    expect(events).toMatchObject([{ type: 'session-loaded', source: 'disk' }]);
  });

  it('fails with DIGEST_MISMATCH when the store holds other bytes, opens nothing, and is tried again', async () => {
    const version = versionOf('add_sub');
    const store = storeWith().put(version.artifact, modelFile('fixed'));
    const { engine, events } = engineOn(store);
    await expect(engine.load(version)).rejects.toMatchObject({
      name: 'UnavailableError',
      code: 'DIGEST_MISMATCH',
      statusCode: 503,
    });
    expect(events).toEqual([
      {
        type: 'digest-mismatch',
        source: 'store',
        expected: version.artifact,
        actual: artifactOf(modelFile('fixed')),
      },
      { type: 'load-failed', ...version.artifact, code: 'DIGEST_MISMATCH' },
    ]);

    store.put(version.artifact, modelFile('add_sub'));
    await engine.load(version);
    expect(events.at(-1)).toMatchObject({ type: 'session-loaded' });
  });

  it('fails with MODEL_LOAD_FAILED when the runtime does not open the verified file', async () => {
    const cut = modelFile('add_sub').subarray(0, 150);
    const version = { ...versionOf('add_sub'), artifact: artifactOf(cut) };
    const { engine, events } = engineOn(storeWith().put(version.artifact, cut));
    const failure = engine.load(version);
    await expect(failure).rejects.toMatchObject({ code: 'MODEL_LOAD_FAILED', statusCode: 503 });
    await expect(failure).rejects.not.toThrow(directory);
    expect(events).toEqual([{ type: 'load-failed', ...version.artifact, code: 'MODEL_LOAD_FAILED' }]);
  });

  it('serves a model that refuses the invented inputs of the first run', async () => {
    const version = versionOf('add_sub');
    const { description } = version;
    const misleading = {
      ...version,
      description: {
        ...description,
        inputs: description.inputs.map((spec) => ({ ...spec, shape: [-1, 9] })),
      },
    };
    const { engine, events } = engineOn(storeWith('add_sub'));
    await engine.load(misleading);
    expect(events).toMatchObject([{ type: 'session-loaded', warm: false }]);
    const inputs = new Map([
      ['a', rows(1)],
      ['b', rows(1)],
    ]);
    expect((await engine.run(misleading, inputs, ['sum'])).get('sum')).toEqual(rows(1, 2));
  });
});

describe('onnxruntime', () => {
  it('is loaded while the file comes, which may wait for it', async () => {
    const probe = join(import.meta.dirname, 'runtime-start-probe.mts');
    const { stdout } = await execa(process.execPath, ['--import', 'tsx', probe, directory]);
    expect(JSON.parse(stdout)).toEqual({ before: false, type: 'session-loaded' });
  }, 30_000);
});
