import type { LeftOut } from '../aws/local-assembly.ts';
import type { Deployment } from '../lib/contracts/deployment.ts';
import { DEMO_MODEL, DEMO_REQUEST, type FirstAnswer } from './demo-model.ts';
import { shownPath } from './project.ts';

/** What to do with a platform that is ready: lines to paste. */
export function readyInstructions(
  { endpoint }: Deployment,
  firstAnswer: FirstAnswer,
  leftOut: readonly LeftOut[],
): string {
  return `
READY  ${endpoint}

${told(firstAnswer)}

Ask it yourself:

  npm run --silent strata -- infer ${DEMO_MODEL} --input ${shownPath(DEMO_REQUEST)}

By HTTP:

  TOKEN=$(npm run --silent strata -- token)
  curl -s ${endpoint}/v2/models/${DEMO_MODEL} -H "Authorization: Bearer $TOKEN"
  curl -s ${endpoint}/v2/models/${DEMO_MODEL}/infer -H "Authorization: Bearer $TOKEN" \\
    -H 'Content-Type: application/json' -d @${shownPath(DEMO_REQUEST)}

Serve your own model:

  npm run --silent strata -- register path/to/model.onnx --name my-model --alias champion
  npm run --silent strata -- models

The registry, by MLflow's client:

  export MLFLOW_REGISTRY_URI=${endpoint} MLFLOW_TRACKING_URI=${endpoint}
  export MLFLOW_TRACKING_TOKEN=$(npm run --silent strata -- token)
  python -c 'from mlflow import MlflowClient; print(MlflowClient().get_registered_model("${DEMO_MODEL}"))'
${leftOutNote(leftOut)}`;
}

/** What was tried where nothing stays running. */
export function onceReport(firstAnswer: FirstAnswer, leftOut: readonly LeftOut[]): string {
  return `
READY, and stopped again: this was npm start -- --once.

${told(firstAnswer)}
${leftOutNote(leftOut)}`;
}

/** What to do with the engine alone. */
export function engineOnlyInstructions(endpoint: string, answer: FirstAnswer): string {
  return `${engineOnly(answer)}
  npm run --silent strata -- infer ${DEMO_MODEL} --input ${shownPath(DEMO_REQUEST)} --endpoint ${endpoint} --token none
  curl -s ${endpoint}/v2/models/${DEMO_MODEL}
  curl -s ${endpoint}/v2/models/${DEMO_MODEL}/infer -H 'Content-Type: application/json' -d @${shownPath(DEMO_REQUEST)}
`;
}

/** What was tried with the engine alone, where nothing stays running. */
export function engineOnlyReport(answer: FirstAnswer): string {
  return `${engineOnly(answer)}It is stopped again: this was npm start -- --once.\n`;
}

function engineOnly({ rows, milliseconds }: FirstAnswer): string {
  return `
NOT DEPLOYED: engine only

The model ${DEMO_MODEL} was served by the inference engine in this process, without AWS: no registry, no gateway, no tokens.
It labelled ${rows} penguins in ${Math.round(milliseconds)} ms.
`;
}

function told({ version, rows, milliseconds }: FirstAnswer): string {
  return `The model ${DEMO_MODEL}, version ${version}, labelled ${rows} penguins in ${Math.round(milliseconds)} ms, the cold start included.`;
}

function leftOutNote(leftOut: readonly LeftOut[]): string {
  if (leftOut.length === 0) return '';
  const lines = leftOut.map(({ stack, logicalId, type }) => `  ${type}  ${stack}/${logicalId}`);
  return `
Not deployed locally, because the emulator does not know it:

${lines.join('\n')}
`;
}
