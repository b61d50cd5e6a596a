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
        'what the token may do (default: everything locally, infer of a stack)',
      ).choices(SCOPES),
    )
    .action(async (options: TokenOptions) => {
      const { deployment, aws } = await findAccount(options, terminal);
      // The local runner gives its client every scope; a stack that was named gives what it was told to.
      const scopes = options.scopes ?? (options.stack === undefined ? SCOPES : ['infer']);
      const { token, expiresInSeconds } = await accessToken(cognito(aws), deployment, scopes);
      print(terminal, options.json, { token, expires_in: expiresInSeconds, scopes }, token);
    });
}
