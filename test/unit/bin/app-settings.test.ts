import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../../bin/app-settings';
import { Access, TrafficShift } from '../../../lib';

describe('the settings of the app', () => {
  it('are none by default, and keep data', () => {
    const settings = readSettings({ '@aws-cdk/core:enablePartitionLiterals': true, 'aws:cdk:region': 'x' });
    expect(settings).toEqual({ disposableData: false });
  });

  it('are the same as text and as they stand in cdk.json', () => {
    const asText = { 'strata:memorySize': '3538', 'strata:disposableData': 'true' };
    const asJson = { 'strata:memorySize': 3538, 'strata:disposableData': true };
    expect(readSettings(asText)).toEqual({ memorySize: 3538, disposableData: true });
    expect(readSettings(asJson)).toEqual(readSettings(asText));
  });

  it('choose architecture, mailbox, topic, access log and issuer', () => {
    const settings = readSettings({
      'strata:architecture': 'arm64',
      'strata:alarmEmail': 'operations@example.com',
      'strata:alarmTopicArn': 'arn:aws:sns:eu-west-1:123456789012:alarms',
      'strata:accessLogGroupName': '/strata/access',
      'strata:oidcIssuer': 'https://login.example.com',
      'strata:oidcAudience': 'scoring, training',
    });
    expect(settings).toMatchObject({
      architecture: Architecture.ARM_64,
      alarmEmail: 'operations@example.com',
      alarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:alarms',
      accessLogGroupName: '/strata/access',
      access: Access.oidc({ issuer: 'https://login.example.com', audience: ['scoring', 'training'] }),
    });
  });

  it.each(['all-at-once', 'canary:5:10', 'linear:20:2'])('choose how code is released: %s', (shift) => {
    expect(readSettings({ 'strata:codeShift': shift }).codeShift).toBeInstanceOf(TrafficShift);
  });

  it.each([
    ['strata:memorysize', '512', 'strata:memorysize is not known'],
    ['strata:memorySize', '2 GB', 'strata:memorySize takes a whole number, got "2 GB"'],
    ['strata:architecture', 'toString', 'strata:architecture takes arm64 or x86_64, got "toString"'],
    ['strata:disposableData', 'yes', 'strata:disposableData takes true or false'],
    ['strata:codeShift', 'canary:10', 'strata:codeShift takes all-at-once, canary:<percent>:<minutes>'],
    ['strata:codeShift', 'canary:0:5', 'INVALID_SHIFT_PERCENT'],
    ['strata:oidcIssuer', 'https://login.example.com', 'goes together with strata:oidcAudience'],
  ])('refuse %s = %s, and say what is wrong', (key, value, message) => {
    expect(() => readSettings({ [key]: value })).toThrow(message);
  });
});
