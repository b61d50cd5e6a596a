import { describe, expect, it } from 'vitest';
import { NotFoundError } from '../../../core/errors.ts';
import {
  describeFailure,
  EmulatorUnavailableError,
  LocalRunError,
  stepFailure,
} from '../../../local/failure.ts';

describe('a failure, as a person reads it', () => {
  it('says what happened, what to do, and shows the end of the log', () => {
    const failure = new LocalRunError('STEP_FAILED', 'cdk deploy failed (exit code 1)', {
      hint: 'Try again.',
      logFile: '.cache/logs/cdk-deploy.log',
      logTail: ['StrataData failed'],
    });
    expect(describeFailure(failure)).toBe(
      [
        'cdk deploy failed (exit code 1)',
        'Hint: Try again.',
        '',
        '  | StrataData failed',
        '',
        'Log: .cache/logs/cdk-deploy.log',
      ].join('\n'),
    );
  });

  it('is two lines when the machine cannot run the emulator', () => {
    expect(describeFailure(new EmulatorUnavailableError('No Python.', 'Install it.'))).toBe(
      'No Python.\nHint: Install it.',
    );
  });

  it('has no stack trace when it comes from elsewhere', () => {
    expect(describeFailure(new Error('disk full'))).toBe('disk full');
    expect(describeFailure(new NotFoundError('MODEL_NOT_FOUND', 'No model x.'))).toBe(
      'No model x. (MODEL_NOT_FOUND)',
    );
  });
});

describe('what a step throws', () => {
  it('is told with the step: its first line says what, the rest is shown below', () => {
    const told = stepFailure('Build', new Error('2 errors\na.ts: no\nb.ts: no\n'));
    expect(describeFailure(told)).toBe('Build: 2 errors\n\n  | a.ts: no\n  | b.ts: no');
  });

  it('stays what it is when it was made for people, or when the run was stopped', () => {
    const made = new LocalRunError('STEP_FAILED', 'cdk synth failed');
    const stopped = AbortSignal.abort().reason as Error;
    expect(stepFailure('Synthesise', made)).toBe(made);
    expect(stepFailure('Synthesise', stopped)).toBe(stopped);
  });
});
