import { awsPorts } from '../../lambdas/infer/aws-ports.ts';
import { readEnvironment } from '../../lambdas/infer/environment.ts';

/** The same with its clients of AWS, as the function is deployed. They are made, and asked nothing. */
awsPorts(readEnvironment(process.env));

export { handler } from './infer.ts';
