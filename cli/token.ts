import { Command, Option } from 'commander';
import { accessToken } from '../aws/access-token.ts';
import { cognito } from '../aws/clients.ts';
import { SCOPES, type Scope } from '../lib/contracts/access.ts';
import { findAccount, type TargetOptions, withTargetOptions } from './target.ts';
import { print, type Terminal } from './terminal.ts';

interface TokenOptions extends TargetOptions {
  readonly scopes?: readonly Scope[];
}

export function tokenCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('token'))
    .description('print an access token for the API')
    .addOption(
      new Option(
        '--scopes <scopes...>',
        'what the token may do (default: everything locally, infer on AWS)',
      ).choices(SCOPES),
    )
    .action(async (options: TokenOptions) => {
      const { deployment, aws } = await findAccount(options, terminal);
      const scopes = options.scopes ?? (deployment.awsEndpoint === undefined ? ['infer'] : SCOPES);
      const { token, expiresInSeconds } = await accessToken(cognito(aws), deployment, scopes);
      print(terminal, options.json, { token, expires_in: expiresInSeconds, scopes }, token);
    });
}
