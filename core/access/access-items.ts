import type { RegistryPartitions } from '../../lib/contracts/registry-layout.ts';
import type { ItemKey } from '../registry/registry-items.ts';
import { type AccessDocument, readAccessDocument } from './access-document.ts';
import type { AccessRevision, RevisionRecord } from './access-revision.ts';
import { AccessRules } from './access-rules.ts';

/**
 * Access rules in the registry's table: one item for each revision, in a partition of their own. The newest has the
 * highest sort key; a put adds an item that must not be there yet, and none is ever changed.
 *
 * | item     | pk     | sk            |
 * |----------|--------|---------------|
 * | revision | ACCESS | R#0000000007  |
 */
export interface AccessRevisionItem extends ItemKey, RevisionRecord {
  /** The document as JSON text, in the order in which its author wrote it. */
  readonly document: string;
}

export const ACCESS_PARTITION: RegistryPartitions['accessRules'] = 'ACCESS';
export const REVISION_PREFIX = 'R#';

/** Ten digits, so that the order of the sort keys is the order of the numbers. */
export function revisionKey(revision: number): ItemKey {
  return { pk: ACCESS_PARTITION, sk: `${REVISION_PREFIX}${String(revision).padStart(10, '0')}` };
}

export function revisionItem(record: RevisionRecord, document: AccessDocument): AccessRevisionItem {
  return { ...revisionKey(record.revision), ...record, document: JSON.stringify(document) };
}

/** @throws InvalidInputError `INVALID_ACCESS_RULES`, SyntaxError when somebody else wrote the item */
export function toAccessRevision(item: AccessRevisionItem): AccessRevision {
  return { ...toRecord(item), rules: new AccessRules(readAccessDocument(JSON.parse(item.document))) };
}

export function toRecord({ revision, time, actor }: RevisionRecord): RevisionRecord {
  return { revision, time, actor };
}
