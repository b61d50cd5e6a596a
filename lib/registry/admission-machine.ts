import { Duration } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';

export interface AdmissionMachineProps {
  /** The function that admits and gives up. */
  readonly admit: lambda.IFunction;
}

/** Of the event that started the execution. */
const VERSION = {
  model: '{% $states.context.Execution.Input.detail.data.model %}',
  version: '{% $states.context.Execution.Input.detail.data.version %}',
};

/**
 * One execution for each new version, of which Step Functions keeps the history for 90 days. What may pass is tried again
 * for ten minutes; what ends the function itself (memory, time) once. When no try comes to an end, the version fails with
 * the reason, so that nobody waits for it.
 */
export class AdmissionMachine extends Construct {
  public readonly stateMachine: sfn.StateMachine;

  constructor(scope: Construct, id: string, { admit }: AdmissionMachineProps) {
    super(scope, id);
    const settled = new sfn.Succeed(this, 'Settled');
    const gaveUp = new sfn.Fail(this, 'NotAdmitted', {
      error: 'NotAdmitted',
      cause: 'No try came to an end; the version has failed with the reason.',
    });
    const giveUp = tasks.LambdaInvoke.jsonata(this, 'GiveUp', {
      lambdaFunction: admit,
      payload: sfn.TaskInput.fromObject({
        action: 'fail',
        ...VERSION,
        error: '{% $states.input.Error %}',
      }),
      outputs: '{% $states.result.Payload %}',
      retryOnServiceExceptions: true,
    });
    const check = tasks.LambdaInvoke.jsonata(this, 'CheckMeasureSign', {
      lambdaFunction: admit,
      payload: sfn.TaskInput.fromObject({ action: 'admit', ...VERSION }),
      outputs: '{% $states.result.Payload %}',
      retryOnServiceExceptions: true,
    });
    check.addRetry({
      errors: ['UnavailableError'],
      interval: Duration.seconds(5),
      maxAttempts: 7,
      backoffRate: 2,
      jitterStrategy: sfn.JitterType.FULL,
    });
    check.addRetry({ errors: ['States.TaskFailed'], interval: Duration.seconds(5), maxAttempts: 1 });
    check.addCatch(giveUp.next(gaveUp), {
      errors: ['States.ALL'],
      outputs: { Error: '{% $states.errorOutput.Error %}' },
    });
    this.stateMachine = new sfn.StateMachine(this, 'Resource', {
      comment: 'Admission of a model version',
      queryLanguage: sfn.QueryLanguage.JSONATA,
      definitionBody: sfn.DefinitionBody.fromChainable(check.next(settled)),
      timeout: Duration.hours(1),
      tracingEnabled: true,
    });
  }
}
