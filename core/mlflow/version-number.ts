import type { Fields } from './fields.ts';
import { invalidParameter } from './mlflow-error.ts';

/** The field `version`: a number, written as a string. */
export function versionNumber(fields: Fields): string {
  const text = fields.text('version');
  if (!/^\d{1,10}$/.test(text)) {
    throw invalidParameter(`The field "version" must be a version number, got ${JSON.stringify(text)}.`);
  }
  return text.replace(/^0+(?=\d)/, '');
}
