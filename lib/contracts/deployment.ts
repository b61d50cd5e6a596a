/** The stacks of the app that the package brings along. */
export const STACKS = { data: 'StrataData', service: 'StrataService' } as const;

/** Names of the service stack's outputs: what the command line needs to find a deployment. */
export const OUTPUTS = {
  endpoint: 'Endpoint',
  registryTable: 'RegistryTable',
  artifactsBucket: 'ArtifactsBucket',
  userPoolId: 'UserPoolId',
  machineClientId: 'MachineClientId',
  tokenEndpoint: 'TokenEndpoint',
} as const;

/** Further outputs, which stacks of earlier versions do not have: what the inference function is given, in MiB. */
export const SIZE_OUTPUTS = { memory: 'InferenceMemory', disk: 'InferenceDisk' } as const;

/** Further outputs, which not every stack has. */
export const EVENT_OUTPUTS = { eventBus: 'RegistryEventBus' } as const;

/** Further outputs, where versions are admitted before they may serve. */
export const TRUST_OUTPUTS = { trustedKeys: 'TrustedSigningKeys' } as const;

/** A deployment as the command line sees it: the stack's outputs, or `.strata/local.json` for the local one. */
export interface Deployment {
  /** Base URL of the API, stage included, without a trailing slash. */
  readonly endpoint: string;
  readonly region: string;
  readonly registryTable: string;
  readonly artifactsBucket: string;
  readonly userPoolId: string;
  /** App client for machines; its secret is read from the user pool when a token is asked for, never stored. */
  readonly machineClientId: string;
  /** OAuth 2.0 token endpoint (client credentials). */
  readonly tokenEndpoint: string;
  /** Memory of the inference function in MiB; absent when the deployment does not say. */
  readonly memoryMegabytes?: number;
  /** Its disk for model files in MiB; absent when the deployment does not say. */
  readonly diskMegabytes?: number;
  /** Name of the bus that events of the registry go to; absent where the deployment has none. */
  readonly eventBus?: string;
  /** Fingerprints of the keys that sign admitted versions, separated by commas; absent where versions are not admitted. */
  readonly trustedKeys?: string;
  /** Address of the local AWS emulator; absent on AWS. */
  readonly awsEndpoint?: string;
}
