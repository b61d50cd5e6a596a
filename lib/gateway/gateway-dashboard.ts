import { Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { ROWS } from '../monitoring/dashboard-rows';
import { graph } from '../monitoring/graph';
import type { MeasuredGateway } from './measured-gateway';

const MINUTE = { period: Duration.minutes(1) };

/**
 * What an operator of a gateway sees: widgets by the title of their row.
 * @param hasAccessLogs whether requests that are turned away can be counted
 */
export function gatewayRows(
  gateway: MeasuredGateway,
  hasAccessLogs: boolean,
): [title: string, widgets: cloudwatch.IWidget[]][] {
  const { authorizeFunction } = gateway;
  const rows: [string, cloudwatch.IWidget[]][] = [
    [
      ROWS.requests,
      [
        graph('At the gateway', 'each minute', [
          gateway.metricRequests({ ...MINUTE, label: 'requests' }),
          gateway.metricClientErrors({ ...MINUTE, label: 'status 4xx' }),
          gateway.metricServerErrors({ ...MINUTE, label: 'status 5xx' }),
        ]),
        graph('From request to answer', 'ms', [
          gateway.metricLatency({ ...MINUTE, statistic: 'p50', label: 'p50' }),
          gateway.metricLatency({ ...MINUTE, statistic: 'p99', label: 'p99' }),
        ]),
      ],
    ],
  ];
  if (hasAccessLogs) {
    const throttled = gateway.metricThrottled({ ...MINUTE, label: 'status 429' });
    rows.push([ROWS.throttles, [graph('Turned away by the gateway', 'each minute', [throttled])]]);
  }
  if (authorizeFunction) {
    rows.push(
      [
        ROWS.throttles,
        [
          graph('Authorizer turned away by Lambda', 'each minute', [
            authorizeFunction.metricThrottles({ ...MINUTE, statistic: 'Sum', label: 'authorize' }),
          ]),
        ],
      ],
      [
        ROWS.authorizer,
        [
          graph('Tokens looked at', 'each minute', [
            authorizeFunction.metricInvocations({ ...MINUTE, statistic: 'Sum', label: 'looked at' }),
            ...present(gateway.metricUnauthenticated({ ...MINUTE, label: 'refused' })),
            ...present(gateway.metricAuthorizerFailures({ ...MINUTE, label: 'could not be verified' })),
          ]),
          graph('Time to verify a token', 'ms', [
            authorizeFunction.metricDuration({ ...MINUTE, statistic: 'p50', label: 'p50' }),
            authorizeFunction.metricDuration({ ...MINUTE, statistic: 'p99', label: 'p99' }),
          ]),
        ],
      ],
    );
  }
  return rows;
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}
