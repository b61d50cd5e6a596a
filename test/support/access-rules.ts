import { DeleteCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { AccessRulesTable } from '../../aws/access-rules-table.ts';
import { dynamoDb } from '../../aws/clients.ts';
import type { AccessRule } from '../../core/access/access-document.ts';
import { ACCESS_PARTITION, revisionKey } from '../../core/access/access-items.ts';
import type { Deployment } from '../../lib/contracts/deployment.ts';

/** The rules of a deployment that other tests use as well: none of theirs is narrowed, and nothing stays behind. */
export class DeployedAccessRules {
  readonly table: AccessRulesTable;
  /** What the client of all tests may do: everything. */
  readonly open: AccessRule;

  constructor(private readonly deployment: Deployment) {
    this.table = new AccessRulesTable(dynamoDb(deployment), deployment.registryTable);
    this.open = {
      description: 'the client of all other tests',
      principals: [deployment.machineClientId],
      actions: ['*'],
      models: ['*'],
    };
  }

  /** Replaces whatever rules there are. */
  async put(...rules: readonly AccessRule[]): Promise<number> {
    const replaces = (await this.table.current())?.revision ?? 0;
    const document = { version: 1 as const, rules: [this.open, ...rules] };
    return (await this.table.put({ document, replaces })).revision;
  }

  /** Writes a revision past all checks, as somebody with access to the table might. */
  async putUnchecked(revision: number, document: string): Promise<void> {
    const Item = { ...revisionKey(revision), revision, time: new Date().toISOString(), document };
    await dynamoDb(this.deployment).send(new PutCommand({ TableName: this.deployment.registryTable, Item }));
  }

  async delete(revision: number): Promise<void> {
    await dynamoDb(this.deployment).send(
      new DeleteCommand({ TableName: this.deployment.registryTable, Key: { ...revisionKey(revision) } }),
    );
  }

  async forget(): Promise<void> {
    const { Items = [] } = await dynamoDb(this.deployment).send(
      new QueryCommand({
        TableName: this.deployment.registryTable,
        KeyConditionExpression: 'pk = :access',
        ExpressionAttributeValues: { ':access': ACCESS_PARTITION },
      }),
    );
    for (const item of Items) await this.delete(item['revision'] as number);
  }
}
