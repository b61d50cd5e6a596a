import { Aws, CfnDeletionPolicy, CfnResource, Duration, Fn, RemovalPolicy } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { Construct, type IConstruct } from 'constructs';
import { RESOURCE_SERVER, SCOPES } from '../contracts/access';
import { StrataConstructError } from '../private/errors';

/** Options for an app client of machines. */
export interface MachineClientOptions {
  /**
   * Scopes that the client may ask for.
   * @default - all
   */
  readonly scopes?: string[];
  /**
   * How long its tokens live.
   * @default Duration.hours(1)
   */
  readonly tokenValidity?: Duration;
}

/** Who may do what, wherever that is kept. */
export interface ISecurityStore extends IConstruct {
  readonly userPool: cognito.IUserPool;
  /** Client that the command line gets its tokens with: one identity for all who use it. */
  readonly machineClient: cognito.IUserPoolClient;
  /** Where access tokens are asked for (OAuth 2.0, client credentials). */
  readonly tokenEndpoint: string;

  /** Adds an app client that gets tokens with its own id and secret. */
  addMachineClient(id: string, options?: MachineClientOptions): cognito.UserPoolClient;
}

/** What is known of a security store that another stack or app made, or that was retained. */
export interface SecurityStoreAttributes {
  /** Id of the user pool. */
  readonly userPoolId: string;
  /** Id of the client of machines. */
  readonly machineClientId: string;
  /** Where access tokens are asked for: `https://<domain>/oauth2/token`. */
  readonly tokenEndpoint: string;
}

/** Properties of the identities' store. */
export interface SecurityStoreProps {
  /**
   * First label of the address where tokens are asked for; unique within a region. A user pool has one such address:
   * another prefix for a pool that is deployed already needs the old one removed first.
   * @default - `strata-` with the id of the stack and a part of the construct's address
   */
  readonly domainPrefix?: string;

  /**
   * Scopes of the client that machines share (`machineClient`). Whoever may read its secret has all of them: for more
   * than this, and to tell machines apart, make clients with `addMachineClient`.
   * @default ['infer', 'registry.read']
   */
  readonly machineScopes?: string[];

  /**
   * What happens to the user pool, and to what is in it, when the store leaves the stack. Clients that were added go with
   * their line of code, so that their secrets end.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Who may do what: a user pool with one scope for each kind of action. Machines ask for scopes with their client's
 * credentials; people are in groups of the same names.
 *
 * @example
 * const security = new SecurityStore(dataStack, 'SecurityStore');
 * const ci = security.addMachineClient('Ci', { scopes: ['registry.write'] });
 */
export class SecurityStore extends Construct implements ISecurityStore {
  /** A store of another stack or app, or one that was retained when its stack went. */
  public static fromAttributes(
    scope: Construct,
    id: string,
    attributes: SecurityStoreAttributes,
  ): ISecurityStore {
    return new ImportedSecurityStore(scope, id, attributes);
  }

  public readonly userPool: cognito.IUserPool;
  /** Client of machines; it may ask for `machineScopes`. */
  public readonly machineClient: cognito.IUserPoolClient;
  /** Client of people: signs in by secure remote password, groups say what they may do. */
  public readonly peopleClient: cognito.IUserPoolClient;
  public readonly domain: cognito.UserPoolDomain;

  private readonly resourceServer: cognito.UserPoolResourceServer;

  constructor(scope: Construct, id: string, props: SecurityStoreProps = {}) {
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.userPool = new cognito.UserPool(this, 'UserPool', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      accountRecovery: cognito.AccountRecovery.EMAIL_ONLY,
      mfa: cognito.Mfa.OPTIONAL,
      mfaSecondFactor: { sms: false, otp: true },
      passwordPolicy: {
        minLength: 14,
        requireDigits: true,
        requireLowercase: true,
        requireSymbols: true,
        requireUppercase: true,
        tempPasswordValidity: Duration.days(3),
      },
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy,
    });
    this.domain = this.userPool.addDomain('Domain', {
      cognitoDomain: { domainPrefix: props.domainPrefix ?? this.uniquePrefix() },
    });
    this.resourceServer = this.userPool.addResourceServer('ResourceServer', {
      identifier: RESOURCE_SERVER,
      scopes: SCOPES.map(scopeNamed),
    });
    for (const name of SCOPES) {
      this.userPool.addGroup(`Group-${name}`, {
        groupName: name,
        description: `People with the scope ${name}`,
      });
    }
    this.machineClient = this.addMachineClient('MachineClient', {
      scopes: props.machineScopes ?? ['infer', 'registry.read'],
    });
    this.peopleClient = this.userPool.addClient('PeopleClient', {
      authFlows: { userSrp: true },
      disableOAuth: true,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      accessTokenValidity: Duration.hours(1),
      idTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(1),
    });
    // A pool without its clients, its scopes and the address for tokens could not be taken up again. What is replaced by
    // an update goes: a client's old secret must not live on.
    for (const construct of this.node.findAll()) {
      if (!CfnResource.isCfnResource(construct) || construct === this.userPool.node.defaultChild) continue;
      construct.applyRemovalPolicy(removalPolicy);
      construct.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.DELETE;
    }
  }

  /** Where access tokens are asked for (OAuth 2.0, client credentials). */
  public get tokenEndpoint(): string {
    return `${this.domain.baseUrl()}/oauth2/token`;
  }

  /** Adds an app client that gets tokens with its own id and secret. */
  public addMachineClient(id: string, options: MachineClientOptions = {}): cognito.UserPoolClient {
    return addMachineClient(this.userPool, this.resourceServer, id, options);
  }

  /** Of each stack that ever was: an address that was retained with its pool is not in the way of the next. */
  private uniquePrefix(): string {
    const stack = Fn.select(2, Fn.split('/', Aws.STACK_ID));
    return `strata-${stack}-${this.node.addr.slice(-8)}`;
  }
}

class ImportedSecurityStore extends Construct implements ISecurityStore {
  public readonly userPool: cognito.IUserPool;
  public readonly machineClient: cognito.IUserPoolClient;
  public readonly tokenEndpoint: string;

  private readonly resourceServer: cognito.IUserPoolResourceServer;

  constructor(scope: Construct, id: string, attributes: SecurityStoreAttributes) {
    super(scope, id);
    this.userPool = cognito.UserPool.fromUserPoolId(this, 'UserPool', attributes.userPoolId);
    this.machineClient = cognito.UserPoolClient.fromUserPoolClientId(
      this,
      'MachineClient',
      attributes.machineClientId,
    );
    this.resourceServer = cognito.UserPoolResourceServer.fromUserPoolResourceServerId(
      this,
      'ResourceServer',
      RESOURCE_SERVER,
    );
    this.tokenEndpoint = attributes.tokenEndpoint;
  }

  public addMachineClient(id: string, options: MachineClientOptions = {}): cognito.UserPoolClient {
    return addMachineClient(this.userPool, this.resourceServer, id, options);
  }
}

function addMachineClient(
  userPool: cognito.IUserPool,
  resourceServer: cognito.IUserPoolResourceServer,
  id: string,
  { scopes = [...SCOPES], tokenValidity = Duration.hours(1) }: MachineClientOptions,
): cognito.UserPoolClient {
  const known: readonly string[] = SCOPES;
  for (const name of scopes) {
    if (!known.includes(name)) {
      throw new StrataConstructError('UNKNOWN_SCOPE', `"${name}" is none of ${known.join(', ')}`);
    }
  }
  return userPool.addClient(id, {
    generateSecret: true,
    authFlows: {},
    oAuth: {
      flows: { clientCredentials: true },
      scopes: scopes.map((name) => cognito.OAuthScope.resourceServer(resourceServer, scopeNamed(name))),
    },
    accessTokenValidity: tokenValidity,
    enableTokenRevocation: true,
  });
}

function scopeNamed(name: string): cognito.ResourceServerScope {
  return new cognito.ResourceServerScope({ scopeName: name, scopeDescription: `Strata: ${name}` });
}
