import { protocol, row, rows } from '../server/dialects.ts';
import type { Peer } from './peer.ts';

const RUNTIME = ['onnxruntime==1.32.0', 'numpy==2.5.5'] as const;
const WEB = ['fastapi==0.165.0', 'pydantic==2.14.4', 'uvicorn==0.54.0', 'httptools==0.9.0'] as const;

const ON_ITS_OWN_PORT = { dialect: row, path: '/predict' } as const;
const OF_THE_PROTOCOL = { dialect: protocol, path: '/v2/models/model/infer' } as const;

export const fastApi: Peer = {
  name: 'FastAPI',
  version: '0.165.0',
  folder: 'fastapi',
  ...ON_ITS_OWN_PORT,
  packages: [...RUNTIME, ...WEB, 'uvloop==0.23.0'],
  command: (port) => [
    'uvicorn',
    'server:app',
    '--host=127.0.0.1',
    `--port=${port}`,
    '--workers=1',
    '--loop=uvloop',
    '--http=httptools',
    '--no-access-log',
    '--log-level=warning',
  ],
};

const bentoMl: Peer = {
  name: 'BentoML',
  version: '1.4.40',
  folder: 'bentoml',
  dialect: rows,
  path: '/predict',
  packages: [...RUNTIME, 'bentoml==1.4.40', 'uvicorn==0.54.0', 'httptools==0.9.0', 'uvloop==0.23.0'],
  command: (port) => ['bentoml', 'serve', 'service:Predict', '--host', '127.0.0.1', '--port', String(port)],
  environment: () => ({ BENTOML_DO_NOT_TRACK: 'True' }),
};

const mlServer: Peer = {
  name: 'MLServer',
  version: '1.7.1',
  folder: 'mlserver',
  ...OF_THE_PROTOCOL,
  // It sets up its event loop in a way that later ones of uvloop have given up.
  packages: [...RUNTIME, 'mlserver==1.7.1', 'uvloop==0.21.0'],
  command: () => ['mlserver', 'start', '.'],
  environment: (port) => ({
    MLSERVER_HTTP_PORT: String(port),
    // 0 takes any that is free; nobody calls them here.
    MLSERVER_GRPC_PORT: '0',
    MLSERVER_METRICS_PORT: '0',
  }),
};

const kServe: Peer = {
  name: 'KServe',
  version: '0.21.0',
  folder: 'kserve',
  ...OF_THE_PROTOCOL,
  packages: [...RUNTIME, 'kserve==0.21.0'],
  command: () => ['python', 'server.py', '--log_config_file', 'log.json'],
};

const litServe: Peer = {
  name: 'LitServe',
  version: '0.2.19',
  folder: 'litserve',
  ...ON_ITS_OWN_PORT,
  packages: [...RUNTIME, ...WEB, 'uvloop==0.23.0', 'litserve==0.2.19', 'pyzmq==27.3.0'],
  command: () => ['python', 'server.py'],
};

export const mosec: Peer = {
  name: 'mosec',
  version: '0.9.8',
  folder: 'mosec',
  ...ON_ITS_OWN_PORT,
  packages: [...RUNTIME, 'mosec==0.9.8'],
  command: () => ['python', 'server.py'],
  environment: (port) => ({
    MOSEC_ADDRESS: '127.0.0.1',
    MOSEC_PORT: String(port),
    MOSEC_LOG_LEVEL: 'warning',
  }),
};

/** Servers of models that Python teams choose from: Strata is compared with the best of them. */
export const FIVE: readonly Peer[] = [fastApi, bentoMl, mlServer, kServe, litServe];

/** mosec stands apart: its HTTP side is Rust. */
export const PEERS: readonly Peer[] = [...FIVE, mosec];
