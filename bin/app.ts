import { App, RemovalPolicy } from 'aws-cdk-lib';
import { DataStack } from '../lib/stacks/data-stack';
import { ServiceStack } from '../lib/stacks/service-stack';

const app = new App();
const env = { account: process.env['CDK_DEFAULT_ACCOUNT'], region: process.env['CDK_DEFAULT_REGION'] };
// Both are needed to let data go with its stack: a name that nobody types by accident, and a stack without protection.
const disposable = app.node.tryGetContext('strata:disposableData') === 'true';

const data = new DataStack(app, 'StrataData', {
  env,
  terminationProtection: !disposable,
  removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
});
new ServiceStack(app, 'StrataService', { env, data });
