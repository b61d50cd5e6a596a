import * as z from 'zod/mini';
import { accessDocument } from './access-document.ts';

/** JSON Schema (2020-12) of the access rules, for editors and other tools. */
export function accessRulesSchema(): object {
  return {
    $id: 'urn:strata:access-rules:1',
    title: 'Access rules',
    ...z.toJSONSchema(accessDocument, {
      override: ({ jsonSchema, path }) => {
        // A refinement has no form of its own in JSON Schema.
        if (path.join('/') === 'properties/rules/items') {
          jsonSchema.anyOf = [{ required: ['principals'] }, { required: ['groups'] }];
        }
      },
    }),
  };
}
