import { readFileSync } from 'node:fs';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';

/** What a process says once it has answered: one line of JSON. */
export interface FirstRequest {
  /** From the import of the handler to its answer. */
  readonly milliseconds: number;
  readonly answer: APIGatewayProxyResult;
}

/** Times the first request of the handler of `infer`, its import included. The same as first_request.py does. */
const [module = '', file = ''] = process.argv.slice(2);
const event = JSON.parse(readFileSync(file, 'utf8')) as APIGatewayProxyEvent;
const started = performance.now();
const { handler } = (await import(module)) as {
  handler: (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;
};
const answer = await handler(event);
const milliseconds = performance.now() - started;
process.stdout.write(`${JSON.stringify({ milliseconds, answer } satisfies FirstRequest)}\n`);
