import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askForLabels } from '../../../local/demo-model.ts';
import { type EngineOnly, serveEngineOnly } from '../../../local/engine-only.ts';

let engine: EngineOnly;
beforeAll(async () => {
  engine = await serveEngineOnly();
});
afterAll(() => engine.stop());

describe('the engine alone', () => {
  it('labels the golden penguins as scikit-learn did, without a token', async () => {
    expect(await askForLabels(engine.endpoint)).toMatchObject({ version: '1', rows: 20 });
  });

  it('lists the demo model, and knows no other', async () => {
    const list = await fetch(`${engine.endpoint}/v2/models`);
    expect(await list.json()).toEqual({ models: ['penguins'] });
    const other = await fetch(`${engine.endpoint}/v2/models/other`);
    expect(other.status).toBe(404);
    expect(await other.json()).toMatchObject({ error_code: 'MODEL_NOT_FOUND' });
  });

  it('answers for the version by number and by alias', async () => {
    for (const version of ['1', 'champion']) {
      const ready = await fetch(`${engine.endpoint}/v2/models/penguins/versions/${version}/ready`);
      expect(ready.status).toBe(200);
    }
  });

  it('refuses a body that Lambda would refuse', async () => {
    const answer = await fetch(`${engine.endpoint}/v2/models/penguins/infer`, {
      method: 'POST',
      body: new Uint8Array(7 * 1024 * 1024),
    });
    expect(answer.status).toBe(413);
  });

  it('listens on loopback alone', () => {
    expect(new URL(engine.endpoint).hostname).toBe('127.0.0.1');
  });
});
