import type { IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { type AlarmDefinition, raiseAlarm } from './alarm-definition';
import type { IMonitoring } from './monitoring-api';

/** What a layer brings to the monitoring. */
export interface Monitored {
  readonly alarms: readonly AlarmDefinition[];
  /** Widgets by the title of their row. */
  readonly rows: readonly (readonly [title: string, widgets: IWidget[]])[];
}

/** Hands a layer's alarms and widgets to the monitoring; a layer that has none is not monitored. */
export function monitor(
  layer: Construct,
  monitoring: IMonitoring | undefined,
  { alarms, rows }: Monitored,
): void {
  if (!monitoring) return;
  for (const definition of alarms) raiseAlarm(layer, monitoring, definition);
  for (const [title, widgets] of rows) monitoring.addWidgets(title, ...widgets);
}
