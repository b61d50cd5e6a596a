import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { buildLayerZip, buildOnnxRuntimeLayer } from '../../../../layers/onnxruntime/build.ts';
import { LAMBDA_UNPACKED_BYTES, layerFiles } from '../../../../layers/onnxruntime/layer-files.ts';
import { zipLayer } from '../../../../layers/onnxruntime/zip.ts';

const folder = mkdtempSync(join(tmpdir(), 'onnxruntime-layer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const MODULES = 'nodejs/node_modules';

describe('the files of a layer', () => {
  it.each(['x64', 'arm64'])('are those that linux-%s needs at run time, and no others', (arch) => {
    const paths = [...layerFiles({ platform: 'linux', arch }).keys()];
    const native = paths.filter((path) => path.includes('/bin/'));
    expect(native).toEqual([
      `${MODULES}/onnxruntime-node/bin/napi-v6/linux/${arch}/libonnxruntime.so.1`,
      `${MODULES}/onnxruntime-node/bin/napi-v6/linux/${arch}/onnxruntime_binding.node`,
    ]);
    const others = paths.filter((path) => !path.includes('/bin/'));
    expect(others.filter((path) => !/\.js$|\/package\.json$|\/LICENSE$/.test(path))).toEqual([]);
    expect(paths).toEqual(expect.arrayContaining([`${MODULES}/onnxruntime-common/dist/cjs/package.json`]));
  });

  it('carry the licence, which the package itself leaves out', () => {
    const license =
      layerFiles({ platform: 'linux', arch: 'x64' }).get(`${MODULES}/onnxruntime-node/LICENSE`) ?? '';
    expect(readFileSync(license, 'utf8')).toMatch(/^MIT License\n\nCopyright \(c\) Microsoft Corporation/);
  });

  it('exist for macOS on arm64 too, and an unsupported host is told in one line what there is', () => {
    expect(layerFiles({ platform: 'darwin', arch: 'arm64' }).size).toBeGreaterThan(10);
    expect(() => layerFiles({ platform: 'darwin', arch: 'x64' })).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_HOST',
        message: expect.stringMatching(
          /^onnxruntime-node has no binary for darwin-x64; it has .*linux-x64.*$/,
        ),
      }),
    );
  });
});

describe('a layer on disk', () => {
  it('lies as Lambda unpacks it, well within its limit, and is not copied again', async () => {
    const outDir = join(folder, 'unpacked');
    const { bytes } = await buildOnnxRuntimeLayer({ platform: 'linux', arch: 'arm64', outDir });
    expect(bytes).toBeLessThan(LAMBDA_UNPACKED_BYTES / 4);
    for (const [path, source] of layerFiles({ platform: 'linux', arch: 'arm64' })) {
      expect(statSync(join(outDir, path)).size).toBe(statSync(source).size);
    }

    const manifest = join(outDir, MODULES, 'onnxruntime-node', 'package.json');
    const before = statSync(manifest).mtimeMs;
    await buildOnnxRuntimeLayer({ platform: 'linux', arch: 'arm64', outDir });
    expect(statSync(manifest).mtimeMs).toBe(before);
  });
});

describe('a zipped layer', () => {
  it('is the same bytes in each time zone', async () => {
    const files = new Map(
      [...layerFiles({ platform: 'linux', arch: 'arm64' })].filter(([path]) => path.endsWith('.js')),
    );
    const zipped = await zipLayer(files);
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Pacific/Auckland';
    try {
      expect(new Date(0).getHours()).toBe(12);
      expect(Buffer.from(zipped).equals(await zipLayer(files))).toBe(true);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  it('holds the files byte for byte, is built once for a package version, and is the same bytes when it is built again', async () => {
    const target = { platform: 'linux', arch: 'arm64', outDir: join(folder, 'zips') };
    const { path, bytes } = await buildLayerZip(target);
    const zipped = readFileSync(path);
    expect(path).toBe(join(target.outDir, 'onnxruntime-linux-arm64.zip'));
    expect(zipped).toHaveLength(bytes);
    const files = layerFiles(target);
    const unzipped = unzipSync(zipped);
    expect(Object.keys(unzipped)).toEqual([...files.keys()]);
    for (const [name, source] of files)
      expect(readFileSync(source).equals(unzipped[name] ?? Buffer.alloc(0))).toBe(true);

    const built = statSync(path).mtimeMs;
    await buildLayerZip(target);
    expect(statSync(path).mtimeMs).toBe(built);

    rmSync(path);
    await buildLayerZip(target);
    expect(readFileSync(path).equals(zipped)).toBe(true);
    expect(readdirSync(target.outDir).sort()).toEqual([
      'onnxruntime-linux-arm64.zip',
      'onnxruntime-linux-arm64.zip.built-from',
    ]);
  }, 60_000);

  it('is built again for another version of the package', async () => {
    const target = { platform: 'linux', arch: 'arm64', outDir: join(folder, 'upgraded') };
    const zip = join(target.outDir, 'onnxruntime-linux-arm64.zip');
    mkdirSync(target.outDir);
    writeFileSync(zip, 'the layer of an older version');
    writeFileSync(`${zip}.built-from`, 'onnxruntime-node@1.0.0\n');
    const { bytes } = await buildLayerZip(target);
    expect(bytes).toBeGreaterThan(1_000_000);
  }, 60_000);
});
