import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Engine } from '../../core/engine/engine.ts';
import { OpenInferenceServer } from '../../core/protocol/open-inference-server.ts';
import { ModelFolder } from '../../server/model-folder.ts';
import { assertEchoed, assertLawful } from '../../test/support/fuzz/laws.ts';
import { mutatedRequest } from '../../test/support/fuzz/mutations.ts';
import { FUZZ_MODELS, type FuzzRequest, validRequest } from '../../test/support/fuzz/valid-requests.ts';
import { modelPath } from '../../test/support/models/model-file.ts';
import { storeWith } from '../../test/support/models/model-versions.ts';
import { checkOf, type FuzzTarget } from './target.ts';

const CALLER = { id: 'fuzz', scopes: ['infer', 'admin'] } as const;

/** The protocol and the engine, in this process. */
export const protocolTarget: FuzzTarget = {
  name: 'protocol',
  share: 0.6,
  async start() {
    const directory = await mkdtemp(join(tmpdir(), 'fuzz-'));
    const folder = join(directory, 'models');
    await mkdir(folder);
    for (const model of FUZZ_MODELS) await copyFile(modelPath(model), join(folder, `${model}.onnx`));
    const failures: unknown[] = [];
    const server = new OpenInferenceServer({
      registry: await ModelFolder.open(folder),
      runner: new Engine({
        artifacts: storeWith(...FUZZ_MODELS),
        directory: join(directory, 'open'),
        memoryMegabytes: 1769,
        maxBytes: 1_000_000,
      }),
      maxRequestBytes: 1_000_000,
      maxResponseBytes: 1_000_000,
      serverVersion: '0',
      onInternalError: (error) => failures.push(error),
    });
    const handle = (request: FuzzRequest) => server.handle({ ...request, requestId: 'fuzz' }, CALLER);
    const property = fc.asyncProperty(mutatedRequest, validRequest, async (odd, valid) => {
      const reply = await handle(odd);
      if (failures.length > 0) throw failures.splice(0)[0];
      assertLawful(odd.method, reply);
      assertEchoed(valid, await handle(valid.request));
    });
    return { checks: [checkOf(property)], close: () => rm(directory, { recursive: true, force: true }) };
  },
};
