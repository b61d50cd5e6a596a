import type { FilterGrammar } from './filter.ts';

export const MODEL_FILTER: FilterGrammar = {
  attributes: { name: { comparators: ['=', '!=', 'LIKE', 'ILIKE', 'IN'] } },
};

export const VERSION_FILTER: FilterGrammar = {
  attributes: {
    name: { comparators: ['=', '!=', 'LIKE', 'ILIKE', 'IN'] },
    run_id: { comparators: ['=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'] },
    source_path: { comparators: ['=', '!=', 'LIKE', 'ILIKE'] },
    version_number: { comparators: ['=', '!=', '>', '>=', '<', '<='], isNumber: true },
  },
};
