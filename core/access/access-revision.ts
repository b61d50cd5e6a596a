import type { AccessDocument } from './access-document.ts';
import type { AccessRules } from './access-rules.ts';

/** Who put which revision, and when. */
export interface RevisionRecord {
  /** From 1; every put adds one, and none is ever changed. */
  readonly revision: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Absent when the writer did not say. */
  readonly actor?: string;
}

/** The access rules as they were put once. */
export interface AccessRevision extends RevisionRecord {
  readonly rules: AccessRules;
}

/** Where the request path reads the rules. */
export interface AccessRulesReader {
  /** The newest revision; undefined when there never were rules. @throws when that cannot be found out */
  current(): Promise<AccessRevision | undefined>;
}

export interface AccessPut {
  readonly document: AccessDocument;
  /** Revision that the author started from; 0 when there was none. */
  readonly replaces: number;
  readonly actor?: string;
}

export interface AccessRulesWriter {
  /**
   * Adds a revision.
   * @throws InvalidInputError `ACCESS_RULES_CHANGED` (409) when another revision is current than the author started
   * from, `ACCESS_RULES_TOO_LARGE`
   * @throws UnavailableError `REGISTRY_UNAVAILABLE`, `REGISTRY_BUSY`
   */
  put(put: AccessPut): Promise<RevisionRecord>;
}
