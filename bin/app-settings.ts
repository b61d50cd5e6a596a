import { Duration } from 'aws-cdk-lib';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { TrafficShift } from '../lib/delivery/traffic-shift';
import { Access } from '../lib/gateway/access';

/** What can be set of the app without changing it. */
export interface AppSettings {
  readonly disposableData: boolean;
  readonly access?: Access;
  readonly memorySize?: number;
  readonly architecture?: Architecture;
  readonly codeShift?: TrafficShift;
  readonly alarmEmail?: string;
  readonly alarmTopicArn?: string;
  readonly accessLogGroupName?: string;
  /** Scopes of the client that machines share. */
  readonly machineScopes?: string[];
}

const PREFIX = 'strata:';

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  arm64: Architecture.ARM_64,
  x86_64: Architecture.X86_64,
};

/**
 * Reads the context keys that begin with `strata:` (docs/deploy.md). Values are text, as `--context` gives it, or what
 * they would be in cdk.json.
 * @throws Error which names the key and what it takes; a key that is not known is one that was misspelt
 */
export function readSettings(context: Readonly<Record<string, unknown>>): AppSettings {
  const given = new Map(
    Object.entries(context)
      .filter(([key, value]) => key.startsWith(PREFIX) && value !== undefined)
      .map(([key, value]) => [
        key.slice(PREFIX.length),
        Array.isArray(value) ? value.join(',') : String(value),
      ]),
  );
  const take = <T>(name: string, read: (text: string) => T): T | undefined => {
    const text = given.get(name);
    given.delete(name);
    return text === undefined ? undefined : read(text);
  };
  const issuer = take('oidcIssuer', String);
  const audience = take('oidcAudience', listOf);
  if ((issuer === undefined) !== (audience === undefined)) {
    throw refused('oidcIssuer', 'goes together with strata:oidcAudience');
  }
  const settings: AppSettings = {
    disposableData:
      take('disposableData', (text) => oneOf('disposableData', text, { true: true, false: false })) ?? false,
    access: issuer === undefined ? undefined : Access.oidc({ issuer, audience: audience ?? [] }),
    memorySize: take('memorySize', (text) => wholeNumber('memorySize', text)),
    architecture: take('architecture', (text) => oneOf('architecture', text, ARCHITECTURES)),
    codeShift: take('codeShift', shiftOf),
    alarmEmail: take('alarmEmail', String),
    alarmTopicArn: take('alarmTopicArn', String),
    accessLogGroupName: take('accessLogGroupName', String),
    machineScopes: take('machineScopes', listOf),
  };
  const [unknown] = given.keys();
  if (unknown !== undefined)
    throw refused(unknown, `is not known; known are ${KNOWN.map((key) => PREFIX + key).join(', ')}`);
  return settings;
}

const KNOWN = [
  'accessLogGroupName',
  'alarmEmail',
  'alarmTopicArn',
  'architecture',
  'codeShift',
  'disposableData',
  'machineScopes',
  'memorySize',
  'oidcAudience',
  'oidcIssuer',
];

/** `all-at-once`, `canary:<percent>:<minutes>` or `linear:<percent>:<minutes>`. */
function shiftOf(text: string): TrafficShift {
  if (text === 'all-at-once') return TrafficShift.allAtOnce();
  const [, kind, percent, minutes] = /^(canary|linear):(\d+):(\d+)$/.exec(text) ?? [];
  if (kind === undefined) {
    throw refused(
      'codeShift',
      `takes all-at-once, canary:<percent>:<minutes> or linear:<percent>:<minutes>, got "${text}"`,
    );
  }
  const part = Number(percent);
  const wait = Duration.minutes(Number(minutes));
  return kind === 'canary' ? TrafficShift.canary(part, wait) : TrafficShift.linear(part, wait);
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function wholeNumber(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw refused(name, `takes a whole number, got "${text}"`);
}

function oneOf<T>(name: string, text: string, values: Readonly<Record<string, T>>): T {
  const value = Object.hasOwn(values, text) ? values[text] : undefined;
  if (value !== undefined) return value;
  throw refused(name, `takes ${Object.keys(values).join(' or ')}, got "${text}"`);
}

function refused(name: string, what: string): Error {
  return new Error(`INVALID_SETTING: the context key ${PREFIX}${name} ${what}`);
}
