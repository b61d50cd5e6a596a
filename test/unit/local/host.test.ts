import { describe, expect, it } from 'vitest';
import { supportedHost } from '../../../local/host.ts';
import { prepareHostLayer } from '../../../local/host-layer.ts';

describe('the machine', () => {
  it.each([
    ['linux', 'x64'],
    ['linux', 'arm64'],
    ['darwin', 'x64'],
    ['darwin', 'arm64'],
  ])('is supported: %s %s', (platform, arch) => {
    expect(supportedHost(platform, arch)).toEqual({ platform, arch });
  });

  it.each([
    ['win32', 'x64', 'WSL 2'],
    ['freebsd', 'x64', 'Linux or macOS'],
    ['linux', 'riscv64', 'x64 and arm64'],
  ])('is refused in one line, with what would do: %s %s', (platform, arch, hint) => {
    expect(() => supportedHost(platform, arch)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_HOST',
        message: expect.stringContaining(`${platform}/${arch}`),
        details: expect.objectContaining({ hint: expect.stringContaining(hint) }),
      }),
    );
  });

  it('that is like Lambda runs the layer of the templates', async () => {
    expect(await prepareHostLayer({ platform: 'linux', arch: 'x64' }, '/nowhere')).toBeUndefined();
  });
});
