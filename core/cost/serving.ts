import { type CostLine, costLine } from './cost-line.ts';
import { HOURS_PER_MONTH } from './prices.ts';

/** Requests spread evenly over the month: the dearest way to spread them, since caches and samplers go by time. */
export interface Traffic {
  readonly requestsPerMonth: number;
  /** Billed time of one request in the function `infer`, cold starts shared out, in milliseconds. */
  readonly milliseconds: number;
  readonly architecture: 'x86_64' | 'arm64';
  /** Bytes of an answer as it leaves the gateway. @default 1000 */
  readonly responseBytes?: number;
  /** Machines that call, each with tokens of its own. @default 1 */
  readonly clients?: number;
  /** Versions of models that answer. @default 1 */
  readonly versions?: number;
}

/** What the platform does for a request and while it serves. The tests compare these with the platform. */
export const PLATFORM = {
  /** Memory of `infer` in MB, and what its disk has above the 512 MB that are free. */
  inferMegabytes: 1769,
  extraDiskMegabytes: 512,
  /** Memory of the authorizer in MB; it verifies a token in a few milliseconds (assumed). */
  authorizeMegabytes: 512,
  authorizeMilliseconds: 5,
  /** For how long API Gateway reuses the decision on a token, in seconds. */
  decisionSeconds: 300,
  /** How long a machine's token lives, in seconds. */
  tokenSeconds: 3600,
  /** For how long `infer` uses an alias and the access rules that it has read, in seconds. */
  aliasSeconds: 10,
  /** What reading them again takes: the model's name, the alias, the rules, each consistently and below 4 KB. */
  readUnits: 3,
  /** Log lines that `infer` writes for a request: the prediction and the metrics. In bytes. */
  ownLogBytes: 1600,
  /** Log lines that Lambda adds: start and report, with what CloudWatch adds to each line (assumed). In bytes. */
  lambdaLogBytes: 800,
  /** Days for which the log of `infer` is kept. */
  logDays: 3,
  /** Custom metrics of `infer`, those of a healthy function, and again for each version that answers. */
  functionMetrics: 8,
  versionMetrics: 8,
  /** Metrics of API Gateway for each method, and methods on the way of an inference. */
  methodMetrics: 5,
  methods: 1,
  /** X-Ray's default rule: one request each second, and of the others this share. */
  tracesPerSecond: 1,
  tracedShare: 0.05,
  /** DynamoDB asks for the table's key again after five minutes. Source: its developer guide, "Encryption at rest: usage notes". */
  keySeconds: 300,
  /** How long an execution environment lives, in hours: each start reads the model once (assumed). */
  environmentHours: 2,
} as const;

const SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600;
const MB_PER_GB = 1024;
const BYTES_PER_GB = 1e9;

/** What a month of these requests costs beside what the platform costs idle. */
export function servingCost(traffic: Traffic): CostLine[] {
  const { requestsPerMonth: requests, milliseconds, responseBytes = 1000 } = traffic;
  const seconds = (requests * Math.ceil(milliseconds)) / 1000;
  return [
    costLine('API Gateway', 'restApiRequest', requests),
    costLine('X-Ray traces', 'trace', traces(requests)),
    costLine('Lambda: requests', 'lambdaRequest', requests),
    costLine(
      'Lambda: compute',
      traffic.architecture === 'arm64' ? 'lambdaArm' : 'lambdaX86',
      (seconds * PLATFORM.inferMegabytes) / MB_PER_GB,
    ),
    costLine('Lambda: disk', 'lambdaStorage', (seconds * PLATFORM.extraDiskMegabytes) / MB_PER_GB),
    ...authorisation(traffic),
    ...logs(requests),
    ...reads(traffic),
    costLine('Answers to the internet', 'transferOut', (requests * responseBytes) / BYTES_PER_GB),
    ...metrics(traffic),
  ];
}

/** Execution environments that work side by side: twice as many as an even flow keeps busy, at least one. */
export function environments({ requestsPerMonth, milliseconds }: Traffic): number {
  if (requestsPerMonth === 0) return 0;
  const busy = (requestsPerMonth / SECONDS_PER_MONTH) * (milliseconds / 1000);
  return Math.max(1, Math.ceil(2 * busy));
}

/** How often something happens that happens at most once in so many seconds, and not without a request. */
function renewals(seconds: number, requests: number): number {
  return Math.min(requests, SECONDS_PER_MONTH / seconds);
}

function traces(requests: number): number {
  const reservoir = Math.min(requests, PLATFORM.tracesPerSecond * SECONDS_PER_MONTH);
  return reservoir + (requests - reservoir) * PLATFORM.tracedShare;
}

function authorisation({ requestsPerMonth: requests, clients = 1 }: Traffic): CostLine[] {
  const decisions = Math.min(requests, clients * renewals(PLATFORM.decisionSeconds, requests));
  const tokens = Math.min(requests, clients * renewals(PLATFORM.tokenSeconds, requests));
  const { authorizeMilliseconds, authorizeMegabytes } = PLATFORM;
  const gigabyteSeconds = (decisions * authorizeMilliseconds * authorizeMegabytes) / (1000 * MB_PER_GB);
  return [
    costLine('Authorizer: requests', 'lambdaRequest', decisions),
    costLine('Authorizer: compute', 'lambdaX86', gigabyteSeconds),
    costLine('Tokens', 'machineToken', tokens),
  ];
}

function logs(requests: number): CostLine[] {
  const gigabytes = (requests * (PLATFORM.ownLogBytes + PLATFORM.lambdaLogBytes)) / BYTES_PER_GB;
  return [
    costLine('Logs: written', 'logIngestion', gigabytes),
    costLine('Logs: kept', 'logStorage', (gigabytes * PLATFORM.logDays * 24) / HOURS_PER_MONTH),
  ];
}

function reads(traffic: Traffic): CostLine[] {
  const { requestsPerMonth: requests } = traffic;
  const count = environments(traffic);
  const refreshes = Math.min(requests, count * renewals(PLATFORM.aliasSeconds, requests));
  const starts = Math.min(requests, (count * HOURS_PER_MONTH) / PLATFORM.environmentHours);
  return [
    costLine('Registry: reads', 'readUnit', refreshes * PLATFORM.readUnits),
    costLine('Registry: key requests', 'keyRequest', count * renewals(PLATFORM.keySeconds, requests)),
    costLine('Models fetched', 'objectRead', starts),
  ];
}

/** Metrics are paid for by the hour in which they get a value: under even traffic in every hour. */
function metrics({ requestsPerMonth: requests, versions = 1 }: Traffic): CostLine[] {
  const shareOfHours = Math.min(1, requests / HOURS_PER_MONTH);
  const { functionMetrics, versionMetrics, methodMetrics, methods } = PLATFORM;
  return [
    costLine('Metrics of infer', 'metric', shareOfHours * (functionMetrics + versions * versionMetrics)),
    costLine('Metrics of API Gateway', 'metric', shareOfHours * methodMetrics * methods),
  ];
}
