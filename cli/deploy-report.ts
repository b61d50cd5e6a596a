import type { LeftOut } from '../aws/local-assembly.ts';
import type { ModelVersion } from '../core/registry/model-version.ts';
import { STACKS } from '../lib/contracts/deployment.ts';
import { modelPath } from './api.ts';
import type { AccountOptions } from './aws-account.ts';
import type { FirstCall } from './deploy-first-call.ts';
import { type IdleCost, idleCostLine } from './idle-cost.ts';

export interface Deployed {
  readonly account: string;
  readonly region: string;
  readonly endpoint: string;
  readonly version: ModelVersion;
  readonly alias: string;
  readonly firstCall: FirstCall;
  readonly cost: IdleCost;
  /** Resources that the emulator does not know. */
  readonly leftOut: readonly LeftOut[];
}

/** A longer request would not be read, let alone pasted. */
const MAX_EXAMPLE_LENGTH = 1_000;

/** What a person needs next: where it is, how to call it, what it costs, how to be rid of it. */
export function deployReport(deployed: Deployed, options: AccountOptions): string {
  const { endpoint, version, alias, firstCall, cost, leftOut } = deployed;
  const where = whereOptions(deployed, options);
  const path = `${endpoint}${modelPath(version.model)}`;
  return `
${version.model} version ${version.version} is served as ${alias} at

  ${endpoint}

${firstAnswer(firstCall)}

By curl:

  TOKEN=$(npx strata token --stack ${STACKS.service}${where})
  curl -s ${path} -H "Authorization: Bearer $TOKEN"
${curlInfer(path, firstCall)}
From Python:

${python(path, where, firstCall)}

Costs ${idleCostLine(cost)}.
${leftOutNote(leftOut)}
To remove what runs:       npx strata destroy${where}
To remove the data too:    npx strata destroy --with-data${where}`;
}

function firstAnswer({ request, outputs, milliseconds, refused }: FirstCall): string {
  if (request === undefined) {
    return 'Its metadata was answered. No prediction was asked for: the inputs are too large to make up.';
  }
  if (refused !== undefined) {
    return `Its metadata was answered. It does not take made-up inputs, which says nothing against yours: ${refused}`;
  }
  return `It answered made-up inputs with ${outputs?.join(', ')} in ${milliseconds} ms, the start of the function included.`;
}

function curlInfer(path: string, { request }: FirstCall): string {
  const body = exampleOf(request);
  return `  curl -s ${path}/infer -H "Authorization: Bearer $TOKEN" \\
    -H 'Content-Type: application/json' -d ${body === undefined ? '@request.json' : shellQuoted(body)}
`;
}

function python(path: string, where: string, { request }: FirstCall): string {
  const body = exampleOf(request);
  const command = ['npx', 'strata', 'token', '--stack', STACKS.service, ...where.split(' ').filter(Boolean)];
  return [
    'import json, subprocess, urllib.request',
    `token = subprocess.check_output(${JSON.stringify(command)}, text=True).strip()`,
    // A text in JSON is a text in Python: both escape alike.
    `body = ${body === undefined ? 'open("request.json", "rb").read()' : `${JSON.stringify(body)}.encode()`}`,
    `request = urllib.request.Request(${JSON.stringify(`${path}/infer`)}, body,`,
    '    {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})',
    'print(json.load(urllib.request.urlopen(request))["outputs"])',
  ]
    .map((line) => `  ${line}`)
    .join('\n');
}

function exampleOf(request: FirstCall['request']): string | undefined {
  const body = request && JSON.stringify(request);
  return body !== undefined && body.length <= MAX_EXAMPLE_LENGTH ? body : undefined;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What finds the deployment again. */
function whereOptions({ region }: Deployed, { profile }: AccountOptions): string {
  return ` --region ${region}${profile === undefined ? '' : ` --profile ${profile}`}`;
}

function leftOutNote(leftOut: readonly LeftOut[]): string {
  if (leftOut.length === 0) return '';
  const lines = leftOut.map(({ stack, logicalId, type }) => `  ${type}  ${stack}/${logicalId}`);
  return `\nNot deployed, because the emulator does not know it:\n\n${lines.join('\n')}\n`;
}
