import {
  BatchGetCommand,
  BatchWriteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';

export type Item = Readonly<Record<string, unknown>> & { readonly pk: string; readonly sk: string };
type Key = Pick<Item, 'pk' | 'sk'>;

/** What a condition, an update or a query says, with the names and values that it leaves open. */
interface Expression {
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>;
}

interface Write {
  readonly Put?: Expression & { readonly Item: Item };
  readonly Update?: Expression & { readonly Key: Key };
  readonly Delete?: Expression & { readonly Key: Key };
  readonly ConditionCheck?: Expression & { readonly Key: Key };
}

const MOST_BYTES = 400 * 1024;
const MOST_WRITES = 100;

/**
 * A table in memory that takes what the adapters send, conditions and limits of DynamoDB included, and nothing else: an
 * expression that it does not know is an error. Every answer is a copy.
 */
export class DynamoDbInMemory {
  readonly #items = new Map<string, Item>();
  /** Runs before each transaction: another writer may be faster. */
  beforeWrite: () => Promise<void> = async () => undefined;

  /** The client, as far as adapters use it. */
  get client(): DynamoDBDocumentClient {
    return { send: (command: object) => this.#send(command) } as never;
  }

  /** All items, sorted by their keys. */
  get items(): Item[] {
    return [...this.#items.values()].sort((a, b) => Buffer.compare(bytesOf(a), bytesOf(b)));
  }

  async #send(command: object): Promise<object> {
    if (command instanceof GetCommand) return { Item: this.#get(command.input.Key as Key) };
    if (command instanceof BatchGetCommand) return this.#batchGet(command.input);
    if (command instanceof QueryCommand) return this.#query(command.input);
    if (command instanceof BatchWriteCommand) return this.#batchWrite(command.input);
    if (command instanceof TransactWriteCommand) {
      await this.beforeWrite();
      return this.#transact((command.input.TransactItems ?? []) as unknown as readonly Write[]);
    }
    throw new Error(`no answer to ${command.constructor.name}`);
  }

  #get(key: Key): Item | undefined {
    const item = this.#items.get(address(key));
    return item && structuredClone(item);
  }

  #batchGet({ RequestItems = {} }: BatchGetCommand['input']): object {
    const read = Object.entries(RequestItems).map(([table, { Keys = [] }]) => {
      if (Keys.length > MOST_WRITES) throw new Error(`${Keys.length} keys at once`);
      return [table, Keys.flatMap((key) => this.#get(key as Key) ?? [])] as const;
    });
    return { Responses: Object.fromEntries(read) };
  }

  #query(query: QueryCommand['input']): object {
    const { IndexName, Limit, ScanIndexForward } = query;
    const matches = keyCondition(query);
    const found = this.items.filter(matches);
    if (IndexName) {
      found.sort((a, b) => Buffer.compare(Buffer.from(String(a['name'])), Buffer.from(String(b['name']))));
    }
    if (ScanIndexForward === false) found.reverse();
    return { Items: structuredClone(found.slice(0, Limit)) };
  }

  #batchWrite({ RequestItems = {} }: BatchWriteCommand['input']): object {
    for (const { DeleteRequest } of Object.values(RequestItems).flat()) {
      this.#items.delete(address(DeleteRequest?.Key as Key));
    }
    return {};
  }

  #transact(writes: readonly Write[]): object {
    const keys = writes.map(keyOf).map(address);
    if (writes.length > MOST_WRITES || new Set(keys).size < keys.length) {
      throw Object.assign(new Error('no such transaction'), { name: 'ValidationException' });
    }
    const reasons = writes.map((write) => ({ Code: this.#holds(write) ? 'None' : 'ConditionalCheckFailed' }));
    if (reasons.some(({ Code }) => Code !== 'None')) {
      throw Object.assign(new Error('cancelled'), {
        name: 'TransactionCanceledException',
        CancellationReasons: reasons,
      });
    }
    for (const write of writes) this.#apply(write);
    return {};
  }

  #holds(write: Write): boolean {
    const expression = (write.Put ?? write.Update ?? write.Delete ?? write.ConditionCheck) as Expression;
    const item = this.#items.get(address(keyOf(write)));
    const condition = expression.ConditionExpression ?? '';
    return condition.split(' AND ').every((term) => {
      if (term === '') return true;
      if (term === 'attribute_not_exists(pk)') return item === undefined;
      const [, name = '', value = ''] = /^(\S+) = (:\w+)$/.exec(term) ?? [];
      if (name === '') throw new Error(`unknown condition ${term}`);
      const attribute = expression.ExpressionAttributeNames?.[name] ?? name;
      return item !== undefined && item[attribute] === expression.ExpressionAttributeValues?.[value];
    });
  }

  #apply(write: Write): void {
    const at = address(keyOf(write));
    if (write.Delete) this.#items.delete(at);
    if (write.Put) this.#keep(write.Put.Item);
    if (write.Update)
      this.#keep({ ...(this.#items.get(at) ?? write.Update.Key), ...assigned(write.Update) } as Item);
  }

  #keep(item: Item): void {
    // JSON leaves undefined attributes out, as the client does.
    const text = JSON.stringify(item);
    if (Buffer.byteLength(text) > MOST_BYTES) throw new Error(`the item ${item.sk} has more than 400 KiB`);
    this.#items.set(address(item), JSON.parse(text));
  }
}

/** `#a = :a`, and `begins_with(#b, :b)` or `#b BETWEEN :b AND :c` beside it. */
function keyCondition(query: QueryCommand['input']): (item: Item) => boolean {
  const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = query;
  const terms = (query.KeyConditionExpression ?? '').split(/(?<!BETWEEN :\w+) AND /).map((term) => {
    const [, ranged, from, to] = /^(#\w+) BETWEEN (:\w+) AND (:\w+)$/.exec(term) ?? [];
    if (ranged !== undefined) {
      const [low, high] = [String(values[from ?? '']), String(values[to ?? ''])];
      return (item: Item) => {
        const value = String(item[names[ranged] ?? '']);
        return low <= value && value <= high;
      };
    }
    const [, equal, begins, value = ''] = /^(?:(#\w+) = |begins_with\((#\w+), )(:\w+)\)?$/.exec(term) ?? [];
    const attribute = names[equal ?? begins ?? ''];
    if (attribute === undefined || !(value in values)) throw new Error(`unknown key condition ${term}`);
    return (item: Item) =>
      equal === undefined
        ? String(item[attribute]).startsWith(values[value] as string)
        : item[attribute] === values[value];
  });
  return (item) => terms.every((holds) => holds(item));
}

/** What `SET #a = :a, #b = :b` says. */
function assigned({ UpdateExpression = '', ...rest }: Expression): Record<string, unknown> {
  const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = rest;
  return Object.fromEntries(
    UpdateExpression.replace(/^SET /, '')
      .split(', ')
      .map((assignment) => {
        const [, name = '', value = ''] = /^(#\w+) = (:\w+)$/.exec(assignment) ?? [];
        if (names[name] === undefined || !(value in values)) throw new Error(`unknown update ${assignment}`);
        return [names[name], values[value]];
      }),
  );
}

function keyOf({ Put, Update, Delete, ConditionCheck }: Write): Key {
  return (Put?.Item ?? Update?.Key ?? Delete?.Key ?? ConditionCheck?.Key) as Key;
}

function address({ pk, sk }: Key): string {
  return JSON.stringify([pk, sk]);
}

function bytesOf({ pk, sk }: Key): Buffer {
  return Buffer.from(`${pk}\0${sk}`);
}
