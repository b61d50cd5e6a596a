import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type AsyncZipOptions, type AsyncZippable, zip } from 'fflate';
import type { LayerFiles } from './layer-files.ts';

const UNIX = 3;
const READABLE_FILE = (0o100644 << 16) >>> 0;

const zipAsync = promisify<AsyncZippable, AsyncZipOptions, Uint8Array>(zip);

/** Packs the files of a layer. The same files give the same bytes, whenever and wherever. */
export async function zipLayer(files: LayerFiles): Promise<Uint8Array> {
  // The first moment that a zip can name. It holds local time, so this is the same bytes in every time zone.
  const mtime = new Date(1980, 0, 1);
  const entries: AsyncZippable = {};
  for (const [path, source] of files) {
    entries[path] = [await readFile(source), { mtime, os: UNIX, attrs: READABLE_FILE }];
  }
  return await zipAsync(entries, { level: 9 });
}
