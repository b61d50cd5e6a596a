import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { MODELS_INDEX, type TableRight } from '../contracts/registry-layout';

/** By what partition keys begin with: every one of these actions names the keys that it is about. */
export function grantTable(
  table: dynamodb.ITable,
  grantee: iam.IGrantable,
  rights: readonly TableRight[],
): iam.Grant {
  return rights
    .map(({ actions, partitions }) =>
      iam.Grant.addToPrincipal({
        grantee,
        actions: [...actions],
        resourceArns: [table.tableArn],
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...partitions] } },
      }),
    )
    .reduce((all, one) => all.combine(one));
}

/** The index holds models only, and its partition key is not the table's. */
export function grantListing(table: dynamodb.ITable, grantee: iam.IGrantable): iam.Grant {
  return iam.Grant.addToPrincipal({
    grantee,
    actions: ['dynamodb:Query'],
    resourceArns: [`${table.tableArn}/index/${MODELS_INDEX.name}`],
  });
}

/** A key policy alone would give a grantee that has no policy of its own a key without a lock. */
export function withKey(
  grant: iam.Grant,
  key: kms.IKey | undefined,
  grantee: iam.IGrantable,
  actions: readonly string[],
): iam.Grant {
  if (!grant.success || !key) return grant;
  return grant.combine(key.grant(grantee, ...actions));
}
