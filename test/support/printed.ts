import { vi } from 'vitest';

/** A line of the embedded metric format, as CloudWatch reads it. */
export interface MetricLine {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [name: string]: unknown;
}

/** What a function prints while `work` runs: its log lines and its metrics. */
export async function printed(
  work: () => Promise<unknown>,
): Promise<{ readonly log: readonly Record<string, unknown>[]; readonly metrics: readonly MetricLine[] }> {
  let text = '';
  const streams = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return true;
    }),
  );
  try {
    await work();
  } finally {
    for (const stream of streams) stream.mockRestore();
  }
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    log: lines.filter((line) => !('_aws' in line)),
    metrics: lines.filter((line): line is MetricLine & Record<string, unknown> => '_aws' in line),
  };
}

/** A metric as CloudWatch tells one from another (and as it is paid for): `Name{dimension=value,...}`, with its value. */
export function cloudWatchMetrics(lines: readonly MetricLine[]): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const line of lines) {
    for (const { Namespace, Dimensions, Metrics } of line._aws.CloudWatchMetrics) {
      for (const names of Dimensions) {
        const dimensions = names.map((name) => `${name}=${String(line[name])}`).sort();
        for (const { Name } of Metrics)
          found.set(`${Namespace}/${Name}{${dimensions.join(',')}}`, line[Name]);
      }
    }
  }
  return found;
}
