/**
 * A prompt is a registered model with this tag: its versions are texts in tags, there is nothing to run. Source: MLflow,
 * prompt registry.
 */
export const PROMPT_TAG = 'mlflow.prompt.is_prompt';

/** What is registered under a name. */
export type RegisteredKind = 'model' | 'prompt';

export function kindOf(tags: Readonly<Record<string, unknown>>): RegisteredKind {
  const value = Object.hasOwn(tags, PROMPT_TAG) ? tags[PROMPT_TAG] : undefined;
  return typeof value === 'string' && value.toLowerCase() === 'true' ? 'prompt' : 'model';
}
