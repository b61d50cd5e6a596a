import { CONTEXT, demoHandler, demoPorts, demoVersion } from '../inference/demo.ts';
import { inferenceEvent, sampleInputs } from '../inference/requests.ts';

/** The first requests that a process answers, the opening of the model included. */
const [file = ''] = process.argv.slice(2);
const handle = demoHandler(demoPorts(await demoVersion(file, 'penguins'), file));
const event = inferenceEvent('penguins', sampleInputs(1), 'json');

async function answer(): Promise<number> {
  const started = performance.now();
  const { statusCode, body } = await handle(event, CONTEXT);
  const passed = performance.now() - started;
  if (statusCode !== 200) throw new Error(`infer answered ${statusCode}: ${body}`);
  return passed;
}

process.send?.({ 'first request': await answer(), 'second request': await answer() });
