import { type RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct, IConstruct } from 'constructs';
import { LogKey } from '../monitoring/log-key';
import { type IModelRegistryStore, ModelRegistryStore } from '../registry/model-registry-store';
import { type ISecurityStore, SecurityStore } from '../security/security-store';

/** What outlives code, whoever keeps it: the stack of the app, or stores of your own, made or imported. */
export interface IDataStack extends IConstruct {
  /** Who may do what. */
  readonly security: ISecurityStore;
  /** Models, versions and aliases. */
  readonly registry: IModelRegistryStore;
  /**
   * Encrypts the log groups of what runs; its policy lets CloudWatch Logs use it, as that of `LogKey` does. Undefined
   * where a key of CloudWatch Logs is enough.
   */
  readonly logKey?: kms.IKey;
}

/** Properties of the data stack. */
export interface DataStackProps extends StackProps {
  /**
   * What happens to the data when a store is removed from the app.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Scopes of the client that machines share. Whoever may read its secret has all of them.
   * @default ['infer', 'registry.read']
   */
  readonly machineScopes?: string[];
}

/** Everything that outlives code: tables, buckets, keys, user pools. */
export class DataStack extends Stack implements IDataStack {
  public readonly security: ISecurityStore;
  public readonly registry: IModelRegistryStore;
  public readonly logKey?: kms.IKey;

  constructor(scope: Construct, id: string, props: DataStackProps = {}) {
    super(scope, id, { terminationProtection: true, description: 'Strata: data', ...props });
    const { removalPolicy, machineScopes } = props;
    this.security = new SecurityStore(this, 'SecurityStore', { removalPolicy, machineScopes });
    this.logKey = new LogKey(this, 'LogKey', { removalPolicy });
    this.registry = new ModelRegistryStore(this, 'ModelRegistryStore', { removalPolicy });
  }
}
