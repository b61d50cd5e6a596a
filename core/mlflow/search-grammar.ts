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

export const EXPERIMENT_FILTER: FilterGrammar = {
  attributes: {
    name: { comparators: ['=', '!=', 'LIKE', 'ILIKE'] },
    creation_time: { comparators: ['=', '!=', '>', '>=', '<', '<='], isNumber: true },
    last_update_time: { comparators: ['=', '!=', '>', '>=', '<', '<='], isNumber: true },
  },
};

const NUMBERS = { comparators: ['=', '!=', '>', '>=', '<', '<='], isNumber: true } as const;
const TEXTS = { comparators: ['=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'] } as const;

export const RUN_FILTER: FilterGrammar = {
  hasLogged: true,
  attributes: {
    run_id: TEXTS,
    run_name: TEXTS,
    status: TEXTS,
    user_id: TEXTS,
    artifact_uri: TEXTS,
    start_time: NUMBERS,
    end_time: NUMBERS,
  },
};

export const LOGGED_MODEL_FILTER: FilterGrammar = {
  hasLogged: true,
  attributes: {
    model_id: TEXTS,
    name: TEXTS,
    status: TEXTS,
    model_type: TEXTS,
    source_run_id: TEXTS,
    creation_timestamp: NUMBERS,
    last_updated_timestamp: NUMBERS,
  },
};
