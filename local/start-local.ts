import { join } from 'node:path';
import { Listr, type ListrTask, PRESET_TIMER } from 'listr2';
import { deriveLocalAssembly, type LeftOut } from '../aws/local-assembly.ts';
import type { Deployment } from '../lib/contracts/deployment.ts';
import { build } from '../scripts/build.ts';
import { bootstrap, deploy, synthesise } from './cdk.ts';
import { askDemoModel, DEMO_MODEL, type FirstAnswer, registerDemoModel } from './demo-model.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { localDeployment } from './emulator-addresses.ts';
import { type EmulatorSource, findEmulatorSource } from './emulator-source.ts';
import { stepFailure } from './failure.ts';
import { supportedHost } from './host.ts';
import { prepareHostLayer } from './host-layer.ts';
import { cleanUpAbandonedRuns, createRunDirectory, type RunDirectory } from './run-directory.ts';

export interface StartLocalOptions {
  /** Kind of run, see `createRunDirectory`. */
  readonly name: string;
  readonly signal?: AbortSignal;
  /** Whether steps are shown. @default true */
  readonly showSteps?: boolean;
}

/** How long one step took. */
export interface StepDuration {
  readonly title: string;
  readonly milliseconds: number;
}

/** The platform on the emulator: deployed, with the demo model registered and answering. */
export interface LocalPlatform {
  readonly deployment: Deployment;
  readonly firstAnswer: FirstAnswer;
  readonly leftOut: readonly LeftOut[];
  /** The steps in the order in which they ended; some run side by side. */
  readonly durations: readonly StepDuration[];
  /** Ends the emulator with its workers and removes what it wrote. */
  stop(): Promise<void>;
}

/** What the steps hand to each other. */
interface Steps {
  starting?: Promise<Emulator>;
  emulator?: Emulator;
  leftOut: LeftOut[];
  readonly durations: StepDuration[];
  deployment?: Deployment;
  firstAnswer?: FirstAnswer;
}

/**
 * Builds, synthesises, starts the emulator, deploys to it, registers the demo model and asks it.
 * Whatever fails, nothing is left running.
 *
 * @throws EmulatorUnavailableError when this machine cannot run the emulator
 * @throws LocalRunError when a step fails
 */
export async function startLocal(options: StartLocalOptions): Promise<LocalPlatform> {
  const source = await findEmulatorSource(supportedHost());
  await cleanUpAbandonedRuns();
  const run = await createRunDirectory(options.name);
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([failed.signal, options.signal]) : failed.signal;
  const steps: Steps = { leftOut: [], durations: [] };
  const stop = async () => {
    failed.abort();
    await steps.starting?.then(
      (emulator) => emulator.stop(),
      () => undefined,
    );
    await run.remove();
  };
  try {
    await stepsOf(source, run, signal, options).run(steps);
    options.signal?.throwIfAborted();
    const { deployment, firstAnswer, leftOut, durations } = steps;
    if (!deployment || !firstAnswer) throw new Error('a step was left out');
    return { deployment, firstAnswer, leftOut, durations, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function stepsOf(
  source: EmulatorSource,
  run: RunDirectory,
  signal: AbortSignal,
  { signal: stopped, showSteps = true }: StartLocalOptions,
): Listr<Steps> {
  const step = (title: string, work: Work): ListrTask<Steps> => stepOf(title, work, stopped);
  const forAws = join(run.path, 'cdk.out');
  const assembly = join(run.path, 'cdk.local');
  const application: ListrTask<Steps>[] = [
    step('Build functions and layers', (_, onLine) => build({ onProgress: onLine })),
    step('Synthesise the stacks', (_, onLine) => synthesise(forAws, { signal, onLine })),
  ];
  const emulator: ListrTask<Steps>[] = [
    step(`Install the AWS emulator (${source.name})`, (_, onLine) => source.install(signal, onLine)),
    step('Start the AWS emulator', async (steps) => {
      const hostLayer = await prepareHostLayer(source.functionsRunOn, run.path);
      steps.starting = startEmulator(source, run, { hostLayer, signal });
      steps.emulator = await steps.starting;
    }),
    step('Bootstrap', (steps, onLine) =>
      bootstrap(join(run.path, 'bootstrap'), started(steps).url, { signal, onLine }),
    ),
  ];
  return new Listr<Steps>(
    [
      {
        title: 'Prepare',
        task: (_, task) =>
          task.newListr(
            [
              {
                title: 'Application',
                task: (__, group) => group.newListr(application, { concurrent: false }),
              },
              { title: 'Emulator', task: (__, group) => group.newListr(emulator, { concurrent: false }) },
            ],
            { concurrent: true },
          ),
      },
      step('Deploy with the CDK', async (steps, onLine) => {
        const { url, resourceTypes } = started(steps);
        steps.leftOut = await deriveLocalAssembly(forAws, assembly, resourceTypes);
        steps.deployment = localDeployment(await deploy(assembly, url, { signal, onLine }), url);
      }),
      step(`Register the demo model ${DEMO_MODEL}`, async (steps) => {
        await registerDemoModel(deployed(steps));
      }),
      step('Ask it through the API', async (steps) => {
        steps.firstAnswer = await askDemoModel(deployed(steps));
      }),
    ],
    {
      silentRendererCondition: !showSteps,
      fallbackRenderer: 'simple',
      // Signals are the caller's to handle: the emulator has to be stopped first.
      registerSignalListeners: false,
      rendererOptions: { timer: PRESET_TIMER, collapseSubtasks: false },
      fallbackRendererOptions: { timer: PRESET_TIMER },
    },
  );
}

type Work = (steps: Steps, onLine: (line: string) => void) => Promise<void>;

/** @param stopped by the person: a step that ends by that is skipped and no failure, and those after it are left out */
function stepOf(title: string, work: Work, stopped: AbortSignal | undefined): ListrTask<Steps> {
  return {
    title,
    skip: () => stopped?.aborted === true && 'stopped',
    task: async (steps, task) => {
      // A terminal shows the last line below the step; a log would keep them all.
      const onLine = (line: string) => {
        if (process.stdout.isTTY) task.output = line;
      };
      const started = performance.now();
      try {
        await work(steps, onLine);
        steps.durations.push({ title, milliseconds: performance.now() - started });
      } catch (error) {
        if (stopped?.aborted) task.skip('stopped');
        else throw stepFailure(title, error);
      }
    },
  };
}

function started({ emulator }: Steps): Emulator {
  if (!emulator) throw new Error('the emulator has not started yet');
  return emulator;
}

function deployed({ deployment }: Steps): Deployment {
  if (!deployment) throw new Error('nothing is deployed yet');
  return deployment;
}
