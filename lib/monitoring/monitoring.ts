import { Duration, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { StrataConstructError } from '../private/errors';
import { ifResolved } from '../private/tokens';
import { DashboardRows } from './dashboard-rows';
import { type IMonitoring, Severity } from './monitoring-api';

/**
 * Who hears of alarms. A topic that is encrypted with a key of yours needs `kms:Decrypt` and `kms:GenerateDataKey*` for
 * `cloudwatch.amazonaws.com` in that key's policy, or nothing arrives.
 */
export interface AlarmTopics {
  /**
   * Hears of alarms that can wait for the next working day.
   * @default - nobody is told
   */
  readonly warning?: sns.ITopic;
  /**
   * Hears of alarms that cannot wait.
   * @default - nobody is told
   */
  readonly critical?: sns.ITopic;
}

/** What differs from an alarm's usual settings. */
export interface AlarmOverride {
  /**
   * Value from which on it counts.
   * @default - the alarm's own
   */
  readonly threshold?: number;
  /**
   * How many periods are looked at.
   * @default - the alarm's own
   */
  readonly evaluationPeriods?: number;
  /**
   * In how many of these the threshold must be reached.
   * @default - the alarm's own
   */
  readonly datapointsToAlarm?: number;
  /**
   * How much it matters.
   * @default - the alarm's own
   */
  readonly severity?: Severity;
  /**
   * Whether somebody is told.
   * @default true
   */
  readonly actionsEnabled?: boolean;
}

/** Properties of the monitoring layer. */
export interface MonitoringProps {
  /**
   * Topics that alarms are sent to, when they are raised and when they are over.
   * @default - alarms are seen on the dashboard only
   */
  readonly alarmTopics?: AlarmTopics;

  /**
   * Settings of single alarms, by title: the headings of the runbook.
   * @default - every alarm as docs/monitoring.md lists it
   */
  readonly alarmOverrides?: { [title: string]: AlarmOverride };

  /**
   * Address of the runbook to which alarms link, without a fragment.
   * @default - the runbook that comes with this library
   */
  readonly runbookUrl?: string;
}

const RUNBOOK = 'https://github.com/cdk-strata/cdk-strata/blob/main/docs/runbook.md';

/**
 * The monitoring layer: one dashboard, and alarms that are sent to those who should hear of them.
 *
 * Layers that are given it show themselves on the dashboard and bring their alarms.
 *
 * @example
 * const monitoring = new Monitoring(this, 'Monitoring', {
 *   alarmTopics: { critical: pager, warning: mail },
 *   alarmOverrides: { 'High latency': { threshold: 500 } },
 * });
 * new Serving(this, 'Serving', { monitoring });
 */
export class Monitoring extends Construct implements IMonitoring {
  public readonly dashboard: cloudwatch.Dashboard;
  public readonly runbookUrl: string;

  private readonly topics: AlarmTopics;
  private readonly overrides: ReadonlyMap<string, AlarmOverride>;
  private readonly alarms: {
    readonly severity: Severity;
    readonly title: string;
    readonly alarm: cloudwatch.Alarm;
  }[] = [];
  private readonly rows = new DashboardRows();

  constructor(scope: Construct, id: string, props: MonitoringProps = {}) {
    super(scope, id);
    this.topics = props.alarmTopics ?? {};
    this.overrides = new Map(Object.entries(props.alarmOverrides ?? {}));
    this.runbookUrl = props.runbookUrl ?? RUNBOOK;
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', { defaultInterval: Duration.hours(3) });
    this.dashboard.addWidgets(this.rows);
    this.node.addValidation({ validate: () => this.unknownOverrides() });
  }

  public addAlarm(severity: Severity, title: string, alarm: cloudwatch.Alarm): void {
    const override = this.overrides.get(title);
    if (override) applyOverride(title, alarm, override);
    const actual = override?.severity ?? severity;
    const topic = actual === Severity.CRITICAL ? this.topics.critical : this.topics.warning;
    if (topic) {
      const action = new SnsAction(topic);
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
    this.alarms.push({ severity: actual, title, alarm });
    this.rows.addAlarm(alarm);
  }

  public addWidgets(title: string, ...widgets: cloudwatch.IWidget[]): void {
    this.rows.add(title, widgets);
  }

  /** The alarms of a severity that layers have brought so far: for composite alarms, or to stop a deployment. */
  public alarmsOf(severity: Severity): cloudwatch.Alarm[] {
    return this.alarms.filter((each) => each.severity === severity).map(({ alarm }) => alarm);
  }

  private unknownOverrides(): string[] {
    const known = [...new Set(this.alarms.map(({ title }) => title))];
    return [...this.overrides.keys()]
      .filter((title) => !known.includes(title))
      .map(
        (title) => `UNKNOWN_ALARM: alarmOverrides names "${title}", there are: ${known.join(', ') || 'none'}`,
      );
  }
}

function applyOverride(title: string, alarm: cloudwatch.Alarm, override: AlarmOverride): void {
  const resource = alarm.node.defaultChild as cloudwatch.CfnAlarm;
  const periods = override.evaluationPeriods ?? resource.evaluationPeriods ?? 1;
  const usual = resource.datapointsToAlarm ?? periods;
  const datapoints =
    override.datapointsToAlarm ?? (Token.isUnresolved(periods) ? usual : Math.min(usual, periods));
  ifResolved(periods, (most) =>
    ifResolved(datapoints, (needed) => {
      if (needed < 1 || needed > most) {
        throw new StrataConstructError(
          'INVALID_ALARM_OVERRIDE',
          `"${title}": datapointsToAlarm must be 1 to ${most} (evaluationPeriods), got ${needed}`,
        );
      }
    }),
  );
  resource.threshold = override.threshold ?? resource.threshold;
  resource.evaluationPeriods = periods;
  resource.datapointsToAlarm = datapoints;
  resource.actionsEnabled = override.actionsEnabled ?? resource.actionsEnabled;
}
