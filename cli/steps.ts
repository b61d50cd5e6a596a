import { Listr, type ListrTask, PRESET_TIMER } from 'listr2';
import type { Terminal } from './terminal.ts';

/** One thing that a command does, with the line that says how far it is. */
export interface Step<T> {
  readonly title: string;
  readonly skip?: boolean;
  readonly run: (context: T, onLine: (line: string) => void) => Promise<void>;
}

/** Does one step after the other, shown as they go; with --json nothing is shown. */
export async function runSteps<T extends object>(
  steps: readonly Step<T>[],
  context: T,
  { stdout }: Terminal,
  json: boolean | undefined,
): Promise<T> {
  const live = stdout.isTTY === true;
  const tasks = steps.map(
    ({ title, skip, run }): ListrTask<T> => ({
      title,
      enabled: skip !== true,
      task: (current, task) =>
        run(current, (line) => {
          // A terminal shows the last line below the step; a log would keep them all.
          if (live) task.output = line;
        }),
    }),
  );
  return new Listr<T>(tasks, {
    // The error is reported once, after the list.
    rendererOptions: { showErrorMessage: false, timer: PRESET_TIMER },
    silentRendererCondition: json === true,
    fallbackRendererCondition: !live,
    fallbackRenderer: 'simple',
    fallbackRendererOptions: { timer: PRESET_TIMER },
  }).run(context);
}
