import { Logger } from '@aws-lambda-powertools/logger';
import { PutLifecycleEventHookExecutionStatusCommand } from '@aws-sdk/client-codedeploy';
import type { Context } from 'aws-lambda';
import { codeDeploy, lambda } from '../../aws/clients.ts';
import { checkRelease, type ReleaseEvent, type ReportVerdict, type Verdict } from './check-release.ts';
import { readEnvironment } from './environment.ts';
import { inferenceCheck } from './inference-check.ts';
import { versionInvoker } from './invoke-version.ts';
import { refusalCheck } from './refusal-check.ts';
import { registryCheck } from './registry-check.ts';

const CHECKS = { inference: inferenceCheck, refusal: refusalCheck, registry: registryCheck };

const logger = new Logger({ serviceName: 'check-release' });
const { check, version } = readEnvironment(process.env);
const invoke = versionInvoker(lambda());
const deployments = codeDeploy();

const report: ReportVerdict = async (deploymentId, lifecycleEventHookExecutionId, status) => {
  await deployments.send(
    new PutLifecycleEventHookExecutionStatusCommand({ deploymentId, lifecycleEventHookExecutionId, status }),
  );
};

export const handler = async (event: ReleaseEvent, context: Context): Promise<Verdict> => {
  logger.addContext(context);
  const verdict = await checkRelease(event, { version, check: CHECKS[check], invoke, report });
  if (verdict.status === 'Failed') logger.error('release refused', { verdict });
  else logger.info('release checked', { verdict });
  return verdict;
};
