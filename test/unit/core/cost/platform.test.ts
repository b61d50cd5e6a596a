import { resolve } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { FUNCTION_ENVIRONMENT } from '../../../../bench/child.ts';
import { CONTEXT, demoHandler, demoPorts, demoVersion } from '../../../../bench/inference/demo.ts';
import { inferenceEvent, sampleInputs } from '../../../../bench/inference/requests.ts';
import { PLATFORM } from '../../../../core/cost/serving.ts';
import { cloudWatchMetrics, printed } from '../../../support/printed.ts';

const FILE = resolve(import.meta.dirname, '../../../../examples/penguins/model.onnx');

/** What a warm request of the real function prints. */
type Printed = Awaited<ReturnType<typeof printed>>;
let warm: Printed;

beforeAll(async () => {
  for (const [name, value] of Object.entries(FUNCTION_ENVIRONMENT)) vi.stubEnv(name, value);
  const handle = demoHandler(demoPorts(await demoVersion(FILE, 'penguins'), FILE));
  const request = () => handle(inferenceEvent('penguins', sampleInputs(1), 'json'), CONTEXT);
  await printed(request);
  warm = await printed(request);
  return () => vi.unstubAllEnvs();
});

describe('what the estimate of costs says of a request', () => {
  it('holds for the log lines that it writes', () => {
    const bytes = [...warm.log, ...warm.metrics].reduce(
      (sum, line) => sum + JSON.stringify(line).length + 1,
      0,
    );
    // Within a tenth: numbers in the lines have more digits or fewer.
    expect(Math.abs(bytes / PLATFORM.ownLogBytes - 1)).toBeLessThan(0.1);
  });

  it('holds for the metrics that it writes, of the function and of the version', () => {
    const names = [...cloudWatchMetrics(warm.metrics).keys()];
    const ofVersion = names.filter((name) => name.includes('version='));
    expect(ofVersion).toHaveLength(PLATFORM.versionMetrics);
    expect(names).toHaveLength(PLATFORM.functionMetrics + PLATFORM.versionMetrics);
  });
});
