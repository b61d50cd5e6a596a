import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeFolder } from '../core/engine/native-binding.ts';
import { InvalidInputError } from '../core/errors.ts';
import type { RegistryReader } from '../core/registry/registry-reader.ts';
import type { Access } from './access.ts';
import { openAccess, tokenAccess } from './access.ts';
import { keepFresh } from './keep-fresh.ts';
import { type FolderEvent, ModelFolder } from './model-folder.ts';
import { ModelServer, type ModelServerOptions, type ServerEvent } from './model-server.ts';
import { type OidcSettings, oidcAccess } from './oidc-access.ts';
import { type RegistryLocation, registrySource } from './registry-source.ts';

/** Who may call. Of these one; with none, only this machine is listened to. */
export interface AccessSettings {
  /** A token that every caller sends. */
  readonly token?: string | undefined;
  /** Tokens of an OpenID Connect issuer. */
  readonly oidc?: OidcSettings | undefined;
  /** Whoever reaches the server, from anywhere. @default false */
  readonly insecure?: boolean | undefined;
}

export interface ServeSettings
  extends Omit<ModelServerOptions, 'source' | 'access' | 'onEvent' | 'directory'> {
  /** An ONNX file, a folder of models, or a registry. */
  readonly models: string | RegistryLocation;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  readonly access: AccessSettings;
  /** Between two looks at the folder, in milliseconds; 0 looks once. @default 1000 */
  readonly reloadMs?: number;
  readonly onEvent?: (event: ServerEvent | FolderEvent) => void;
}

/** A server that answers. */
export interface Serving {
  /** `http://<host>:<port>` */
  readonly endpoint: string;
  readonly registry: RegistryReader;
  /** Answers what came, then ends. @param graceMs after which what is unfinished is cut off */
  close(graceMs?: number): Promise<void>;
}

/**
 * Serves models over HTTP until it is closed.
 *
 * @throws StrataError `RUNTIME_MISSING`
 * @throws InvalidInputError `ACCESS_REQUIRED`, `INVALID_ISSUER`, `ADDRESS_UNUSABLE`, `UNKNOWN_DEFAULT_MODEL`, and what
 * `ModelFolder.open` throws
 */
export async function serve(settings: ServeSettings): Promise<Serving> {
  const { models, host, port, onEvent = () => {}, reloadMs = 1_000, ...options } = settings;
  runtimeFolder();
  const access = await accessFor(settings.access, host);
  const folder = typeof models === 'string' ? await ModelFolder.open(models, onEvent) : undefined;
  const directory = await mkdtemp(join(tmpdir(), 'strata-serve-'));
  const removeDirectory = () => rm(directory, { recursive: true, force: true });
  let server: ModelServer | undefined;
  try {
    const source = folder ?? registrySource(models as RegistryLocation, { directory, onMismatch: onEvent });
    const started = await ModelServer.start({ ...options, source, directory, access, onEvent });
    server = started;
    if (options.defaultModel !== undefined) await checkDefaultModel(source.registry, options.defaultModel);
    if (folder) await started.warm();
    const endpoint = await listen(started, port, host);
    const ended = new AbortController();
    const { signal } = ended;
    const fresh =
      folder && reloadMs > 0
        ? keepFresh({ folder, server: started, everyMs: reloadMs, ended: signal, onEvent })
        : undefined;
    return {
      endpoint,
      registry: source.registry,
      close: async (graceMs) => {
        ended.abort();
        await started.close(graceMs);
        // What is being let go still looks into the directory.
        await fresh;
        await removeDirectory();
      },
    };
  } catch (error) {
    await server?.close(0);
    await removeDirectory();
    throw error;
  }
}

/** @throws InvalidInputError `ACCESS_REQUIRED` */
async function accessFor({ token, oidc, insecure }: AccessSettings, host: string): Promise<Access> {
  if (token !== undefined) return tokenAccess(token);
  if (oidc) return await oidcAccess(oidc);
  if (insecure || isLoopback(host)) return openAccess;
  throw new InvalidInputError(
    'ACCESS_REQUIRED',
    `Everybody who reaches ${host} could use the models. Say who may: --token <token> or --issuer <url>; or --insecure where something in front of the server decides. In a container: STRATA_SERVE_TOKEN, STRATA_ISSUER, STRATA_INSECURE=1.`,
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** @throws InvalidInputError `UNKNOWN_DEFAULT_MODEL` */
async function checkDefaultModel(registry: RegistryReader, name: string): Promise<void> {
  const names = await registry.modelNames();
  if (names.includes(name)) return;
  const shown = names.slice(0, 10).join(', ') + (names.length > 10 ? ', …' : '');
  throw new InvalidInputError(
    'UNKNOWN_DEFAULT_MODEL',
    `The model "${name}", which /invocations should run, is not served. Served: ${shown || 'none'}. Give one of these with --default-model (in a container STRATA_DEFAULT_MODEL), or none.`,
  );
}

async function listen(server: ModelServer, port: number, host: string): Promise<string> {
  try {
    return await server.listen(port, host);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL' && code !== 'ENOTFOUND')
      throw cause;
    const reason = code === 'EADDRINUSE' ? 'is taken by another process' : `cannot be listened on (${code})`;
    throw new InvalidInputError(
      'ADDRESS_UNUSABLE',
      `${host}:${port} ${reason}. Choose another with --port or --host.`,
      {
        cause,
      },
    );
  }
}
