import { type RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { LogKey } from '../monitoring/log-key';
import { ModelRegistryStore } from '../registry/model-registry-store';
import { SecurityStore } from '../security/security-store';

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
export class DataStack extends Stack {
  public readonly security: SecurityStore;
  public readonly registry: ModelRegistryStore;
  /** Encrypts the log groups of what runs. */
  public readonly logKey: LogKey;

  constructor(scope: Construct, id: string, props: DataStackProps = {}) {
    super(scope, id, { terminationProtection: true, description: 'Strata: data', ...props });
    const { removalPolicy, machineScopes } = props;
    this.security = new SecurityStore(this, 'SecurityStore', { removalPolicy, machineScopes });
    this.logKey = new LogKey(this, 'LogKey', { removalPolicy });
    this.registry = new ModelRegistryStore(this, 'ModelRegistryStore', { removalPolicy });
  }
}
