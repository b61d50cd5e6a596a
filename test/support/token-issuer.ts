import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An issuer of tokens with a key of its own that it publishes on loopback, as a user pool does. */
export class TestIssuer {
  readonly issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_test';
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly kid = randomUUID();
  private readonly server: Server = createServer((_request, response) => {
    const jwk = { ...this.keys.publicKey.export({ format: 'jwk' }), kid: this.kid, alg: 'RS256', use: 'sig' };
    response.end(this.published ?? JSON.stringify({ keys: [jwk] }));
  });

  /** @param published what it publishes instead of its keys */
  constructor(private readonly published?: string) {}

  /** Address where the keys are. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** An access token like the user pool's, valid for an hour, with the claims given instead of the usual ones. */
  token(claims: Record<string, unknown> = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const usual = {
      iss: this.issuer,
      sub: 'machine-1',
      client_id: 'client-1',
      token_use: 'access',
      iat: now,
      exp: now + 3600,
    };
    const signed = [
      { alg: 'RS256', kid: this.kid, typ: 'JWT' },
      { ...usual, ...claims },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), this.keys.privateKey).toString('base64url')}`;
  }
}
