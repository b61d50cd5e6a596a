import { App, RemovalPolicy } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import { DataStack } from '../lib/stacks/data-stack';
import { ServiceStack } from '../lib/stacks/service-stack';
import { readSettings } from './app-settings';

const app = new App();
const env = { account: process.env['CDK_DEFAULT_ACCOUNT'], region: process.env['CDK_DEFAULT_REGION'] };
const { disposableData, alarmTopicArn, accessLogGroupName, machineScopes, ...settings } = readSettings(
  app.node.getAllContext(),
);

// Both are needed to let data go with its stack: a name that nobody types by accident, and a stack without protection.
const data = new DataStack(app, 'StrataData', {
  env,
  terminationProtection: !disposableData,
  removalPolicy: disposableData ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
  machineScopes,
});
const alarms = alarmTopicArn && sns.Topic.fromTopicArn(data, 'AlarmTopic', alarmTopicArn);
new ServiceStack(app, 'StrataService', {
  env,
  data,
  ...settings,
  alarmTopics: alarms ? { critical: alarms, warning: alarms } : undefined,
  accessLogGroup: accessLogGroupName
    ? logs.LogGroup.fromLogGroupName(data, 'AccessLogGroup', accessLogGroupName)
    : undefined,
});
