import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ServerEvent } from '../../server/model-server.ts';
import { serve } from '../../server/serve.ts';
import { assertEchoed, assertLawful } from '../../test/support/fuzz/laws.ts';
import { blind, mutatedRequest } from '../../test/support/fuzz/mutations.ts';
import { FUZZ_MODELS, validRequest } from '../../test/support/fuzz/valid-requests.ts';
import { modelPath } from '../../test/support/models/model-file.ts';
import { asBytes, ask, say } from './http-client.ts';
import { checkOf, type FuzzTarget } from './target.ts';

/** A server that listens: whole requests that are odd, and bytes that are hardly HTTP any more. */
export const serverTarget: FuzzTarget = {
  name: 'strata serve',
  share: 0.2,
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'fuzz-serve-'));
    for (const model of FUZZ_MODELS) await copyFile(modelPath(model), join(folder, `${model}.onnx`));
    const failures: unknown[] = [];
    const onEvent = (event: { readonly type: string }) => {
      if (event.type === 'internal-error') failures.push((event as ServerEvent & { error: unknown }).error);
      if (event.type === 'worker-replaced') failures.push(new Error('a worker ended'));
    };
    const serving = await serve({
      models: folder,
      host: '127.0.0.1',
      port: 0,
      access: {},
      workers: 1,
      reloadMs: 0,
      defaultModel: 'identity_fp32',
      limits: { headersTimeoutMs: 1_000, requestTimeoutMs: 2_000, maxRequestBytes: 1_000_000 },
      onEvent,
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const whole = fc.asyncProperty(mutatedRequest, validRequest, async (odd, valid) => {
      const reply = await ask(serving.endpoint, agent, odd);
      if (failures.length > 0) throw failures.splice(0)[0];
      if (reply && !IS_OPEN.test(odd.path)) assertLawful(odd.method, reply);
      const next = await ask(serving.endpoint, agent, valid.request);
      if (next) assertEchoed(valid, next);
    });
    const bytes = fc.asyncProperty(validRequest, blind, validRequest, async ({ request }, change, valid) => {
      const answer = await say(Number(new URL(serving.endpoint).port), change(asBytes(request)));
      if (failures.length > 0) throw failures.splice(0)[0];
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
      if (status >= 500 && status !== 501) throw new Error(answer.slice(0, 500));
      const next = await ask(serving.endpoint, agent, valid.request);
      if (next) assertEchoed(valid, next);
    });
    return {
      checks: [checkOf(whole), checkOf(whole), checkOf(whole), checkOf(bytes)],
      close: async () => {
        agent.destroy();
        await serving.close(0);
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

/** Answers that are no JSON of the protocol. */
const IS_OPEN = /^\/(?:ping|metrics)\b/;
