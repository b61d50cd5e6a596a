import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cognito, dynamoDb, s3 } from '../../../aws/clients.ts';

const local = { region: 'us-east-1', awsEndpoint: 'http://127.0.0.1:4566' };

beforeEach(() => {
  vi.stubEnv('AWS_ENDPOINT_URL', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('clients of the local emulator', () => {
  it('talk to its address with credentials of their own, whatever the environment has', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAREAL');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'real');
    for (const client of [dynamoDb(local), s3(local), cognito(local)]) {
      expect(await client.config.endpoint?.()).toMatchObject({ hostname: '127.0.0.1', port: 4566 });
      expect(await client.config.credentials()).toMatchObject({ accessKeyId: 'test' });
      expect(await client.config.region()).toBe('us-east-1');
    }
  });

  it('name buckets in the path', () => {
    expect(s3(local).config.forcePathStyle).toBe(true);
  });
});

describe('clients of the environment', () => {
  it('leave region, credentials and address to the SDK', async () => {
    vi.stubEnv('AWS_REGION', 'eu-west-3');
    const client = s3();
    expect(await client.config.region()).toBe('eu-west-3');
    expect(client.config.forcePathStyle).toBe(false);
  });

  it('name buckets in the path where AWS_ENDPOINT_URL leads to one address for all', () => {
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:4566');
    expect(s3({ region: 'us-east-1' }).config.forcePathStyle).toBe(true);
  });
});
