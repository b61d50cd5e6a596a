import { randomUUID } from 'node:crypto';
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CreateGroupCommand,
  CreateUserPoolClientCommand,
  GroupExistsException,
  InitiateAuthCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { cognito } from '../../aws/clients.ts';
import type { Deployment } from '../../lib/contracts/deployment.ts';

export interface Tokens {
  readonly access: string;
  /** Says who somebody is, not what they may do. */
  readonly identity: string;
}

/** A person of the deployment's user pool who signed in. Groups that are not there yet are made. */
export async function signIn(deployment: Deployment, groups: readonly string[]): Promise<Tokens> {
  const pool = cognito(deployment);
  const UserPoolId = deployment.userPoolId;
  const Username = `${randomUUID()}@example.com`;
  const Password = `Aa1!${randomUUID()}`;
  const user = { UserPoolId, Username, TemporaryPassword: Password, MessageAction: 'SUPPRESS' } as const;
  await pool.send(new AdminCreateUserCommand(user));
  await pool.send(new AdminSetUserPasswordCommand({ UserPoolId, Username, Password, Permanent: true }));
  for (const GroupName of groups) {
    await pool.send(new CreateGroupCommand({ UserPoolId, GroupName })).catch((error: unknown) => {
      if (!(error instanceof GroupExistsException)) throw error;
    });
    await pool.send(new AdminAddUserToGroupCommand({ UserPoolId, Username, GroupName }));
  }
  // The deployment's own client signs people in by secure remote password, which is more than a test needs.
  const { UserPoolClient } = await pool.send(
    new CreateUserPoolClientCommand({
      UserPoolId,
      ClientName: `test-${randomUUID()}`,
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
    }),
  );
  const { AuthenticationResult } = await pool.send(
    new InitiateAuthCommand({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: UserPoolClient?.ClientId,
      AuthParameters: { USERNAME: Username, PASSWORD: Password },
    }),
  );
  const { AccessToken = '', IdToken = '' } = AuthenticationResult ?? {};
  return { access: AccessToken, identity: IdToken };
}
