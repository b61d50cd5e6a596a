import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StrataConstructError } from './errors';

// lib/private/ and dist/private/ lie equally deep, so that sources and the published package find the same folder.
const ASSETS = join(__dirname, '..', '..', 'assets');

/**
 * Path of something that was built into the package.
 * @throws StrataConstructError `ASSET_MISSING`
 */
export function builtAsset(...path: string[]): string {
  const found = join(ASSETS, ...path);
  if (!existsSync(found)) {
    throw new StrataConstructError(
      'ASSET_MISSING',
      `assets/${path.join('/')} is not there. In a checkout, run \`npm run build\` first.`,
    );
  }
  return found;
}
