import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';

/** How much an alarm matters. */
export enum Severity {
  /** Look at it on the next working day: something drifts, or one caller has trouble. */
  WARNING = 'WARNING',
  /** Look at it now: callers are not served, or what is served may be wrong. */
  CRITICAL = 'CRITICAL',
}

/** Where layers tell what an operator should see and hear of. */
export interface IMonitoring extends IConstruct {
  /** Address of the runbook: the description of an alarm links to the heading that is called like the alarm. */
  readonly runbookUrl: string;

  /**
   * Takes an alarm in: shows it, and tells those who hear of alarms of its severity.
   * @param severity how much it matters
   * @param title its heading in the runbook
   * @param alarm an alarm of the calling layer
   */
  addAlarm(severity: Severity, title: string, alarm: cloudwatch.Alarm): void;

  /**
   * Adds widgets to a row of the dashboard. A row begins with its title; widgets for the same title stand in the same row.
   * @param title what the row shows, in plain words
   * @param widgets at most 24 units wide together before they wrap
   */
  addWidgets(title: string, ...widgets: cloudwatch.IWidget[]): void;
}
