import { describe, expect, it } from 'vitest';
import type { ModelRunner } from '../../../../core/engine/model-runner.ts';
import type { Prediction, PredictionTensors } from '../../../../core/protocol/prediction.ts';
import { CALLER, DIGEST, IdentityRunner, modelVersion, registryOf, serve, spec } from './in-memory.ts';

const pair = modelVersion('pair', [spec('a', 'INT32', -1), spec('b', 'INT32', -1)]);
const inputs = ['a', 'b'].map((name, i) => ({ name, shape: [2], datatype: 'INT32', data: [i, i + 1] }));
const path = '/v2/models/pair/infer';

describe('the answer to an inference', () => {
  const { call, runner } = serve([pair]);
  const outputNames = async (outputs: unknown) => {
    const { json } = await call('POST', path, { body: { inputs, outputs } });
    return (json['outputs'] as { name: string }[]).map(({ name }) => name);
  };

  it('has all outputs, flat and with their shapes, and the prediction id in body and header', async () => {
    const reply = await call('POST', path, { body: { id: 'mine', inputs } });
    expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(reply.json).toEqual({
      model_name: 'pair',
      model_version: '1',
      id: 'mine',
      parameters: { prediction_id: reply.headers['x-prediction-id'] },
      outputs: [
        { name: 'a', shape: [2], datatype: 'INT32', data: [0, 1] },
        { name: 'b', shape: [2], datatype: 'INT32', data: [1, 2] },
      ],
    });
  });

  it.each(['', 'ü', '"', '\ud800', 'a\nb'])('echoes the id %j', async (id) => {
    expect((await call('POST', path, { body: { id, inputs } })).json['id']).toBe(id);
  });

  it('has no id when the request has none', async () => {
    expect((await call('POST', path, { body: { inputs } })).json).not.toHaveProperty('id');
  });

  it('has the outputs that were asked for, in that order, and only those are computed', async () => {
    expect(await outputNames([{ name: 'b' }, { name: 'a' }])).toEqual(['b', 'a']);
    expect(await outputNames([{ name: 'b' }])).toEqual(['b']);
    expect(runner.runs.at(-1)?.outputs).toEqual(['b']);
    expect(await outputNames([])).toEqual(['a', 'b']);
  });
});

describe('the version', () => {
  const one = modelVersion('m', [spec('x', 'INT32', 1)]);
  const registry = registryOf([one, { ...one, version: '2' }], { m: { champion: '2', old: '1' } });
  const { call } = serve([], { registry });
  const body = { inputs: [{ name: 'x', shape: [1], datatype: 'INT32', data: [1] }] };

  it.each([
    ['', '2'],
    ['/versions/1', '1'],
    ['/versions/champion', '2'],
    ['/versions/old', '1'],
  ])('of the path %j is %s', async (version, expected) => {
    const { json } = await call('POST', `/v2/models/m${version}/infer`, { body });
    expect(json['model_version']).toBe(expected);
  });
});

describe('size of the answer', () => {
  const wide = modelVersion('wide', [spec('x', 'FP32', -1), spec('y', 'FP32', -1)]);
  const ask = (count: number, outputs: unknown[], maxResponseBytes: number) => {
    const tensor = { shape: [count], datatype: 'FP32', data: Array.from({ length: count }, () => 0.1) };
    const body = { inputs: ['x', 'y'].map((name) => ({ name, ...tensor })), outputs };
    return serve([wide], { maxResponseBytes }).call('POST', '/v2/models/wide/infer', { body });
  };
  const binary = (name: string) => ({ name, parameters: { binary_data: true } });

  it.each([
    ['as JSON', [{ name: 'x' }], 10_000],
    ['as JSON that need not even be written', [{ name: 'x' }], 1_000],
    ['as bytes', [binary('x')], 4_000],
    ['as both', [binary('x'), { name: 'y' }], 20_000],
  ])('is limited: %s', async (_form, outputs, limit) => {
    const reply = await ask(1_000, outputs, limit);
    expect(reply.status).toBe(413);
    expect(reply.json).toMatchObject({
      error_code: 'RESPONSE_TOO_LARGE',
      error: expect.stringMatching(/fewer outputs.*fewer rows/),
    });
  });

  it('may be exactly the limit', async () => {
    const { body } = await ask(1_000, [binary('x')], 1_000_000);
    expect((await ask(1_000, [binary('x')], body.length)).status).toBe(200);
    expect((await ask(1_000, [binary('x')], body.length - 1)).status).toBe(413);
  });
});

describe('what is told of an inference', () => {
  it('is who, what, where the time went, and apart from that the data', async () => {
    const told: [Prediction, PredictionTensors][] = [];
    // One tick for each time the clock is read: every part takes 1 ms.
    let clock = 0;
    const { call } = serve([pair], { now: () => clock++, onPrediction: (...event) => told.push(event) });
    const reply = await call('POST', path, { body: { inputs, outputs: [{ name: 'b' }] } });
    const [prediction, tensors] = told[0] ?? [];
    expect(prediction).toEqual({
      predictionId: 'prediction-1',
      requestId: 'request-1',
      principal: CALLER.id,
      model: 'pair',
      version: '1',
      digest: DIGEST,
      latencyMs: { resolve: 1, decode: 1, load: 1, run: 1, encode: 1, total: 5 },
      requestBytes: JSON.stringify({ inputs, outputs: [{ name: 'b' }] }).length,
      responseBytes: reply.body.length,
    });
    expect([...(tensors?.inputs.keys() ?? [])]).toEqual(['a', 'b']);
    expect(tensors?.outputs.get('b')?.data).toEqual(Int32Array.of(1, 2));
    expect(told).toHaveLength(1);
  });

  it('does not change the answer when listening fails', async () => {
    const onPrediction = () => {
      throw new Error('no room for a line');
    };
    const { call, internalErrors } = serve([pair], { onPrediction });
    expect((await call('POST', path, { body: { inputs } })).status).toBe(200);
    expect(internalErrors).toMatchObject([{ message: 'no room for a line' }]);
  });

  it('tells loading from running, since the model is made ready first', async () => {
    const steps: string[] = [];
    const runner = Object.assign(new IdentityRunner(), {
      load: async () => void steps.push('load'),
      run: async () => {
        steps.push('run');
        return new Map([['x', { datatype: 'INT32', shape: [], data: Int32Array.of(1) }]]);
      },
    }) as ModelRunner;
    const { call } = serve([modelVersion('m', [], { outputs: [spec('x', 'INT32')] })], { runner });
    expect((await call('POST', '/v2/models/m/infer', { body: { inputs: [] } })).status).toBe(200);
    expect(steps).toEqual(['load', 'run']);
  });

  it('is nothing when the request was refused, and the model was not loaded for it', async () => {
    const told: unknown[] = [];
    const runner = new IdentityRunner();
    const { call } = serve([pair], { runner, onPrediction: (prediction) => told.push(prediction) });
    await call('POST', path, { body: { inputs: [] } });
    expect(told).toEqual([]);
    expect(runner.loaded).toEqual([]);
  });
});
