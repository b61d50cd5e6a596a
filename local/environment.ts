import { devNull } from 'node:os';
import { dirname } from 'node:path';
import { PROJECT } from './project.ts';

/** The emulator's account and region. */
export const LOCAL_ACCOUNT = '000000000000';
export const LOCAL_REGION = 'us-east-1';

/** Variables that say how to reach package indexes and the like, not what to do. */
const PASSED_ON = [
  'HOME',
  'LANG',
  'LC_ALL',
  'PIP_CERT',
  'PIP_EXTRA_INDEX_URL',
  'PIP_INDEX_URL',
  'PIP_TRUSTED_HOST',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'REQUESTS_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
  'TMPDIR',
] as const;

/** Environment of a tool: the project's Node first in PATH, and nothing that could lead it to a real account. */
export function toolEnvironment(): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]] as const] : []));
  return {
    ...Object.fromEntries(passed),
    PATH: [dirname(process.execPath), `${PROJECT}/node_modules/.bin`, process.env['PATH']].join(':'),
  };
}

/** Environment of the CDK: test credentials only, profiles out of reach, the emulator as all of AWS. */
export function cdkEnvironment(awsEndpoint?: string): Record<string, string> {
  return {
    ...toolEnvironment(),
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_REGION: LOCAL_REGION,
    CDK_DEFAULT_ACCOUNT: LOCAL_ACCOUNT,
    CDK_DEFAULT_REGION: LOCAL_REGION,
    CDK_DISABLE_VERSION_CHECK: '1',
    ...(awsEndpoint && {
      AWS_ENDPOINT_URL: awsEndpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      NO_PROXY: '127.0.0.1',
      no_proxy: '127.0.0.1',
    }),
  };
}
