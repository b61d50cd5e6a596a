import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { RESOURCE_SERVER, SCOPES } from '../contracts/access';
import { StrataConstructError } from '../private/errors';

/** Properties of the identities' store. */
export interface SecurityStoreProps {
  /**
   * First label of the address where tokens are asked for; unique within a region.
   * @default - `strata-` with the account and a part of the construct's address
   */
  readonly domainPrefix?: string;

  /**
   * What happens to the user pool when the store leaves the stack.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

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

/**
 * Who may do what: a user pool with one scope for each kind of action. Machines ask for scopes with their client's
 * credentials; people are in groups of the same names.
 *
 * @example
 * const security = new SecurityStore(dataStack, 'SecurityStore');
 * const ci = security.addMachineClient('Ci', { scopes: ['registry.write'] });
 */
export class SecurityStore extends Construct {
  public readonly userPool: cognito.UserPool;
  /** Client of machines that may ask for every scope; make narrower ones with `addMachineClient`. */
  public readonly machineClient: cognito.UserPoolClient;
  /** Client of people: signs in by secure remote password, groups say what they may do. */
  public readonly peopleClient: cognito.UserPoolClient;
  public readonly domain: cognito.UserPoolDomain;

  private readonly resourceServer: cognito.UserPoolResourceServer;
  private readonly scopes: ReadonlyMap<string, cognito.ResourceServerScope>;

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
      cognitoDomain: {
        domainPrefix: props.domainPrefix ?? `strata-${Aws.ACCOUNT_ID}-${this.node.addr.slice(-8)}`,
      },
    });
    this.scopes = new Map(
      SCOPES.map((name) => [
        name,
        new cognito.ResourceServerScope({ scopeName: name, scopeDescription: `Strata: ${name}` }),
      ]),
    );
    this.resourceServer = this.userPool.addResourceServer('ResourceServer', {
      identifier: RESOURCE_SERVER,
      scopes: [...this.scopes.values()],
    });
    for (const name of SCOPES) {
      this.userPool.addGroup(`Group-${name}`, {
        groupName: name,
        description: `People with the scope ${name}`,
      });
    }
    this.machineClient = this.addMachineClient('MachineClient');
    this.peopleClient = this.userPool.addClient('PeopleClient', {
      authFlows: { userSrp: true },
      disableOAuth: true,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      accessTokenValidity: Duration.hours(1),
      idTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(1),
    });
  }

  /** Where access tokens are asked for (OAuth 2.0, client credentials). */
  public get tokenEndpoint(): string {
    return `${this.domain.baseUrl()}/oauth2/token`;
  }

  /** Adds an app client that gets tokens with its own id and secret. */
  public addMachineClient(id: string, options: MachineClientOptions = {}): cognito.UserPoolClient {
    const scopes = (options.scopes ?? [...SCOPES]).map((name) => {
      const known = this.scopes.get(name);
      if (!known) {
        throw new StrataConstructError(
          'UNKNOWN_SCOPE',
          `"${name}" is none of ${[...this.scopes.keys()].join(', ')}`,
        );
      }
      return cognito.OAuthScope.resourceServer(this.resourceServer, known);
    });
    return this.userPool.addClient(id, {
      generateSecret: true,
      authFlows: {},
      oAuth: { flows: { clientCredentials: true }, scopes },
      accessTokenValidity: options.tokenValidity ?? Duration.hours(1),
      enableTokenRevocation: true,
    });
  }
}
