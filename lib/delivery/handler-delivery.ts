import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { DIMENSIONS, METRICS } from '../contracts/metrics';
import type { ReleaseCheckName } from '../contracts/release';
import { functionMetric } from '../private/function-metric';
import type { HandlerFunction } from '../private/handler-function';
import { CodeDelivery } from './code-delivery';
import { faultsAlarm } from './faults-alarm';
import { ReleaseCheck } from './release-check';
import type { TrafficShift } from './traffic-shift';

export interface HandlerDeliveryProps {
  readonly handler: HandlerFunction;
  readonly check: ReleaseCheckName;
  readonly shift?: TrafficShift;
  /** Whether throwing is how the function says no: then Lambda's own errors say nothing of a release. */
  readonly refusesByThrowing?: boolean;
}

/** The delivery of one of our functions: checked before traffic, watched by what it says of itself and by Lambda. */
export class HandlerDelivery extends CodeDelivery {
  constructor(scope: Construct, id: string, props: HandlerDeliveryProps) {
    const { handler, check, shift, refusesByThrowing = false } = props;
    const own = faultsByVersion(handler);
    super(scope, id, {
      alias: handler.live,
      shift,
      preTrafficHook: new ReleaseCheck(scope, `${id}Check`, { check, version: handler.live.version }),
      faults: refusesByThrowing ? own : undefined,
    });
    if (!refusesByThrowing) this.addAlarm(faultsAlarm(this, 'OwnFaults', own));
  }
}

/** Faults that the new version answered with status 500, or by which it could not decide. */
function faultsByVersion(handler: HandlerFunction): cloudwatch.Metric {
  return functionMetric(
    {
      handler,
      service: handler.handlerName,
      name: METRICS.versionFault,
      statistic: cloudwatch.Stats.SUM,
      dimensions: { [DIMENSIONS.functionVersion]: handler.live.version.version },
    },
    { period: Duration.minutes(1) },
  );
}
