import { type CostLine, costLine } from './cost-line.ts';
import { HOURS_PER_MONTH } from './prices.ts';

/** What an endpoint of SageMaker is asked to do. */
export interface EndpointTraffic {
  readonly requestsPerMonth: number;
  readonly milliseconds: number;
  /** Bytes of a request and its answer together. @default 1500 */
  readonly bytes?: number;
}

const VCPUS = 2;
/** Share of its processors up to which an instance may be loaded before requests queue (assumed). */
const LOAD = 0.6;

/** A SageMaker serverless endpoint with 2 GB: its compute and data, with no gateway, authorizer, log or metric. */
export function serverlessEndpoint({
  requestsPerMonth,
  milliseconds,
  bytes = 1500,
}: EndpointTraffic): CostLine[] {
  return [
    costLine('Compute', 'sageMakerServerless2Gb', (requestsPerMonth * Math.ceil(milliseconds)) / 1000),
    costLine('Data in and out', 'sageMakerData', (requestsPerMonth * bytes) / 1e9),
  ];
}

/**
 * SageMaker real-time endpoint on ml.m5.large: instances that run all month, used or not, and nothing else.
 * @param least instances that run in any case: two where one may fail
 */
export function realTimeEndpoint(traffic: EndpointTraffic, least: number): CostLine[] {
  return [
    costLine('Instances', 'sageMakerMlM5Large', instancesNeeded(traffic, least) * HOURS_PER_MONTH),
    costLine('Data in and out', 'sageMakerData', (traffic.requestsPerMonth * (traffic.bytes ?? 1500)) / 1e9),
  ];
}

/** How many instances an even flow needs, one request at a time on each of their processors. */
export function instancesNeeded({ requestsPerMonth, milliseconds }: EndpointTraffic, least: number): number {
  const busy = (requestsPerMonth * milliseconds) / (1000 * 3600 * HOURS_PER_MONTH);
  return Math.max(least, Math.ceil(busy / (VCPUS * LOAD)));
}
