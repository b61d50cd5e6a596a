import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';

/** The rows that our layers fill, as one reads them from above; rows of others come after. */
export const ROWS = {
  requests: 'How many requests come, and how they end',
  latency: 'How long an answer takes, and where the time goes',
  models: 'Each model version',
  errors: 'What goes wrong',
  coldStarts: 'How often a request waits for a function to start',
  modelLoads: 'How models are opened',
  records: 'How many records of streams and batches come, and how they end',
  throttles: 'What is turned away because there is too much of it',
  authorizer: 'Who is let in',
  registryApi: 'How the registry is asked, and how that ends',
  registryEvents: 'What happens in the registry, on its way to others',
} as const;

/** How many alarms the console shows beside each other over the whole width. */
const ALARMS_IN_A_LINE = 6;

const ORDER: readonly string[] = Object.values(ROWS);

/** Rows of widgets under their titles. Laid out when the dashboard is written, so that a row can be added to until then. */
export class DashboardRows implements cloudwatch.IWidget {
  public readonly width = 24;
  private readonly alarms: cloudwatch.Alarm[] = [];
  private readonly rows = new Map<string, cloudwatch.IWidget[]>();

  public get height(): number {
    return this.column().height;
  }

  public addAlarm(alarm: cloudwatch.Alarm): void {
    this.alarms.push(alarm);
  }

  public add(title: string, widgets: readonly cloudwatch.IWidget[]): void {
    this.rows.set(title, [...(this.rows.get(title) ?? []), ...widgets]);
  }

  // A dashboard lays its widgets out from above; this one is the only one.
  public position(): void {}

  public toJson(): unknown[] {
    const column = this.column();
    column.position(0, 0);
    return column.toJson();
  }

  private column(): cloudwatch.Column {
    const rank = (title: string) => (ORDER.includes(title) ? ORDER.indexOf(title) : ORDER.length);
    const rows = [...this.rows].sort(([a], [b]) => rank(a) - rank(b));
    if (this.alarms.length > 0) rows.unshift(['Alarms', [this.alarmStatus()]]);
    return new cloudwatch.Column(
      ...rows.flatMap(([title, widgets]) => [
        new cloudwatch.TextWidget({ markdown: `## ${title}`, width: this.width, height: 1 }),
        new cloudwatch.Row(...widgets),
      ]),
    );
  }

  private alarmStatus(): cloudwatch.AlarmStatusWidget {
    const height = 1 + Math.ceil(this.alarms.length / ALARMS_IN_A_LINE);
    return new cloudwatch.AlarmStatusWidget({
      title: 'State',
      alarms: this.alarms,
      width: this.width,
      height,
    });
  }
}
