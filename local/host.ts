import { LocalRunError } from './failure.ts';

export interface Host {
  readonly platform: 'linux' | 'darwin';
  readonly arch: 'x64' | 'arm64';
}

/**
 * The machine, when onnxruntime runs on it.
 * @throws LocalRunError `UNSUPPORTED_HOST`
 */
export function supportedHost(platform: string = process.platform, arch: string = process.arch): Host {
  if (platform !== 'linux' && platform !== 'darwin') {
    throw unsupported(
      `${platform}/${arch}`,
      platform === 'win32' ? 'Use WSL 2 with Ubuntu.' : 'Use Linux or macOS.',
    );
  }
  if (arch !== 'x64' && arch !== 'arm64') {
    throw unsupported(`${platform}/${arch}`, 'onnxruntime is built for x64 and arm64.');
  }
  return { platform, arch };
}

function unsupported(host: string, hint: string): LocalRunError {
  return new LocalRunError('UNSUPPORTED_HOST', `Strata does not run locally on ${host}.`, { hint });
}
