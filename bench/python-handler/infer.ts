import { readFileSync } from 'node:fs';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { ModelVersion } from '../../core/registry/model-version.ts';
import { CONTEXT, demoHandler, demoPorts } from '../inference/demo.ts';

/** The function `infer` with a model of this disk, and nothing of AWS. */
const { MODEL_PATH: model = '', VERSION_PATH: version = '' } = process.env;
const handle = demoHandler(demoPorts(JSON.parse(readFileSync(version, 'utf8')) as ModelVersion, model));

export const handler = (event: APIGatewayProxyEvent) => handle(event, CONTEXT);
