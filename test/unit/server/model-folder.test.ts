import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InvalidInputError, UnavailableError } from '../../../core/errors.ts';
import { type FolderEvent, ModelFolder } from '../../../server/model-folder.ts';
import { versionOf } from '../../support/models/model-versions.ts';
import { TestFolder } from './model-folders.ts';

/** What a link points to that even root cannot follow, though something is there: no name may be so long. */
const TOO_LONG = 'x'.repeat(300);

const digestOf = (model: string) => versionOf(model).artifact.digest;

async function opened(path: string) {
  const events: FolderEvent[] = [];
  const folder = await ModelFolder.open(path, (event) => events.push(event));
  return { folder, events, types: () => events.splice(0).map(({ type }) => type) };
}

describe('a path with models', () => {
  it('may be one file', async () => {
    using files = new TestFolder({ 'credit.onnx': 'identity_fp32', 'other.onnx': 'double' });
    const { folder } = await opened(files.at('credit.onnx'));
    expect(await folder.modelNames()).toEqual(['credit']);
    expect(await folder.resolve('credit')).toMatchObject({
      version: '1',
      artifact: { digest: digestOf('identity_fp32') },
    });
  });

  it('may be a folder of files', async () => {
    using files = new TestFolder({ 'b.onnx': 'double', 'a.onnx': 'identity_fp32' });
    const { folder } = await opened(files.path);
    expect(await folder.modelNames()).toEqual(['a', 'b']);
  });

  it("may be of Triton's layout, where the highest version is the champion", async () => {
    using files = new TestFolder({ 'm/2/model.onnx': 'identity_fp32', 'm/10/model.onnx': 'double' });
    writeFileSync(files.at('m/config.pbtxt'), 'name: "m"');
    const { folder } = await opened(files.path);
    const { versions, aliases } = await folder.model('m');
    expect(versions.map(({ version }) => version)).toEqual(['2', '10']);
    expect(aliases).toEqual({ champion: '10' });
    for (const asked of [undefined, 'champion', '10']) {
      expect((await folder.resolve('m', asked)).artifact.digest).toBe(digestOf('double'));
    }
    expect((await folder.resolve('m', '2')).artifact.digest).toBe(digestOf('identity_fp32'));
  });

  it('may be the folder of one model with its versions', async () => {
    using files = new TestFolder({ '1/model.onnx': 'double' });
    const { folder } = await opened(files.path);
    expect(await folder.modelNames()).toEqual([basename(files.path)]);
  });

  it('may have weights in files beside the model', async () => {
    using files = new TestFolder({ 'm/1/model.onnx': 'external_data' });
    copyFileSync('test/support/models/external_data.bin', files.at('m/1/external_data.bin'));
    const { folder } = await opened(files.path);
    const { artifact } = await folder.resolve('m');
    expect([...(await folder.locate(artifact)).values()].sort()).toEqual([
      files.at('m/1/external_data.bin'),
      files.at('m/1/model.onnx'),
    ]);
  });

  it('may hold whatever else, which is passed over', async () => {
    using files = new TestFolder({
      'm.onnx': 'double',
      '.hidden/1/model.onnx': 'double',
      'x/v1/model.onnx': 'double',
    });
    writeFileSync(files.at('README.md'), '');
    mkdirSync(files.at('folder.onnx'));
    const { folder } = await opened(files.path);
    expect(await folder.modelNames()).toEqual(['m']);
  });

  it('serves what can be served beside what cannot, and says why', async () => {
    using files = new TestFolder({ 'good.onnx': 'double' });
    writeFileSync(files.at('bad.onnx'), 'no model');
    const { folder, events } = await opened(files.path);
    expect(await folder.modelNames()).toEqual(['good']);
    expect(events.find(({ type }) => type === 'model-refused')).toMatchObject({
      error: { code: 'NOT_ONNX' },
    });
  });

  it('says which file is not served because of its name, or because another has its place', async () => {
    using files = new TestFolder({
      'good.onnx': 'double',
      'good/1/model.onnx': 'identity_fp32',
      'a:b.onnx': 'double',
    });
    const { folder, events } = await opened(files.path);
    await folder.refresh();
    expect(await folder.modelNames()).toEqual(['good']);
    expect((await folder.resolve('good')).artifact.digest).toBe(digestOf('double'));
    expect(events.filter(({ type }) => type === 'model-refused')).toMatchObject([
      { path: files.at('a:b.onnx'), error: { code: 'INVALID_MODEL_NAME' } },
      { path: files.at('good/1/model.onnx'), error: { code: 'MODEL_TWICE' } },
    ]);
  });

  it('is refused with the reason when it cannot be read', async () => {
    using files = new TestFolder();
    symlinkSync(TOO_LONG, files.at('models'));
    await expect(opened(files.at('models'))).rejects.toMatchObject({ code: 'FOLDER_UNREADABLE' });
  });

  it.each([
    ['nothing is there', 'missing', 'FILE_NOT_FOUND'],
    ['it holds no models', '.', 'NO_MODELS'],
  ])('is refused when %s', async (_why, path, code) => {
    using files = new TestFolder();
    await expect(opened(files.at(path))).rejects.toMatchObject({ code });
  });

  it('is refused with the reason when none of its files can be served', async () => {
    using files = new TestFolder({ 'm.onnx': 'custom_domain' });
    await expect(opened(files.path)).rejects.toMatchObject({ code: 'UNSUPPORTED_OPERATOR_DOMAIN' });
  });

  it('knows no other model and no other version', async () => {
    using files = new TestFolder({ 'm.onnx': 'double' });
    const { folder } = await opened(files.path);
    await expect(folder.resolve('n')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await expect(folder.resolve('m', '2')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
    await expect(folder.resolve('m', 'canary')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
  });
});

describe('a folder that changes', () => {
  it('is served anew once a file has come to rest, and tells what is gone', async () => {
    using files = new TestFolder({ 'm.onnx': 'identity_fp32' });
    const { folder, types } = await opened(files.path);
    types();
    files.put('m.onnx', 'double');
    expect(await folder.refresh()).toEqual([]);
    expect((await folder.resolve('m')).artifact.digest).toBe(digestOf('identity_fp32'));
    const gone = await folder.refresh();
    expect((await folder.resolve('m')).artifact.digest).toBe(digestOf('double'));
    expect(gone.map(({ artifact }) => artifact.digest)).toEqual([digestOf('identity_fp32')]);
    expect(types()).toEqual(['model-changed']);
  });

  it('is not read while a file is being written', async () => {
    using files = new TestFolder({ 'm.onnx': 'identity_fp32' });
    const { folder, types } = await opened(files.path);
    types();
    writeFileSync(files.at('n.onnx'), 'half');
    await folder.refresh();
    for (let i = 0; i < 5; i++) {
      appendFileSync(files.at('n.onnx'), ' a model');
      await folder.refresh();
    }
    expect(types()).toEqual([]);
  });

  it('serves the former file on when the new one cannot be served, and tells it once', async () => {
    using files = new TestFolder({ 'm.onnx': 'double' });
    const { folder, types } = await opened(files.path);
    types();
    writeFileSync(files.at('m.onnx'), 'no model');
    for (let i = 0; i < 4; i++) await folder.refresh();
    expect(types()).toEqual(['model-refused']);
    expect((await folder.resolve('m')).artifact.digest).toBe(digestOf('double'));
  });

  it('prepares a version before it serves it, and finds its file meanwhile', async () => {
    using files = new TestFolder({ 'm/1/model.onnx': 'identity_fp32' });
    const { folder } = await opened(files.path);
    files.put('m/2/model.onnx', 'double');
    await folder.refresh();
    const seen: string[] = [];
    await folder.refresh(async ({ artifact }) => {
      seen.push((await folder.resolve('m')).version, ...(await folder.locate(artifact)).values());
    });
    expect(seen).toEqual(['1', files.at('m/2/model.onnx')]);
    expect((await folder.resolve('m')).version).toBe('2');
  });

  it('takes models that come and lets go those that leave', async () => {
    using files = new TestFolder({ 'm.onnx': 'double' });
    const { folder, types } = await opened(files.path);
    files.put('n.onnx', 'identity_fp32');
    rmSync(files.at('m.onnx'));
    await folder.refresh();
    const gone = await folder.refresh();
    expect(await folder.modelNames()).toEqual(['n']);
    expect(gone).toEqual([]);
    expect(types()).toEqual(['model-found', 'model-gone', 'model-found']);
  });

  it.each([
    ['the whole folder', '.'],
    ['a folder of one model', 'm'],
    ['a file', 'm/1/model.onnx'],
  ])('serves on what it cannot see while %s cannot be read, and tells that once', async (_what, part) => {
    using files = new TestFolder({ 'models/m/1/model.onnx': 'double', 'models/n.onnx': 'identity_fp32' });
    const { folder, types } = await opened(files.at('models'));
    types();
    const hidden = join(files.at('models'), part);
    for (let i = 0; i < 2; i++) {
      renameSync(hidden, files.at('away'));
      symlinkSync(TOO_LONG, hidden);
      for (let look = 0; look < 3; look++) expect(await folder.refresh()).toEqual([]);
      expect(await folder.modelNames()).toEqual(['m', 'n']);
      expect(types()).toEqual(['folder-unreadable']);
      unlinkSync(hidden);
      renameSync(files.at('away'), hidden);
      for (let look = 0; look < 3; look++) expect(await folder.refresh()).toEqual([]);
      expect(types()).toEqual([]);
    }
  });

  it('lets everything go when it is gone itself', async () => {
    using files = new TestFolder({ 'models/m.onnx': 'double' });
    const { folder, types } = await opened(files.at('models'));
    types();
    rmSync(files.at('models'), { recursive: true });
    expect(await folder.refresh()).toHaveLength(1);
    expect(types()).toEqual(['model-gone']);
  });

  it('tries a file again that failed for reasons of the moment, and tells them once', async () => {
    using files = new TestFolder({ 'm.onnx': 'identity_fp32' });
    const { folder, types } = await opened(files.path);
    types();
    files.put('m.onnx', 'double');
    let attempts = 0;
    const prepare = async () => {
      attempts += 1;
      if (attempts < 3) throw new UnavailableError('NO_WORKER', 'no worker');
    };
    for (let look = 0; look < 10; look++) await folder.refresh(prepare);
    expect(attempts).toBe(3);
    expect(types()).toEqual(['model-refused', 'model-changed']);
    expect((await folder.resolve('m')).artifact.digest).toBe(digestOf('double'));
  });

  it('does not try a file again that is wrong, until it changes', async () => {
    using files = new TestFolder({ 'm.onnx': 'identity_fp32' });
    const { folder } = await opened(files.path);
    files.put('m.onnx', 'double');
    let attempts = 0;
    const prepare = async () => {
      attempts += 1;
      throw new InvalidInputError('LOAD_FAILED', 'wrong');
    };
    for (let look = 0; look < 200; look++) await folder.refresh(prepare);
    expect(attempts).toBe(1);
    files.put('m.onnx', 'double');
    for (let look = 0; look < 3; look++) await folder.refresh(prepare);
    expect(attempts).toBe(2);
  });

  it('keeps what two names share when one of them goes', async () => {
    using files = new TestFolder({ 'm.onnx': 'double', 'n.onnx': 'double' });
    const { folder } = await opened(files.path);
    rmSync(files.at('m.onnx'));
    expect(await folder.refresh()).toEqual([]);
  });
});
