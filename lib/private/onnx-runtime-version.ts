import { readFileSync } from 'node:fs';
import { builtAsset } from './assets';
import { StrataConstructError } from './errors';

/**
 * Both layers come from one installation, so that one version must do for both. Before this one, onnxruntime aborts on
 * arm64 where /sys/devices/system/cpu is hidden, as it is on Lambda.
 */
const OLDEST = '1.23.2';

/**
 * The version of onnxruntime-node that the layers were built from.
 * @throws StrataConstructError `ASSET_MISSING`; `ONNXRUNTIME_TOO_OLD` for one that does not run on Lambda
 */
export function onnxRuntimeVersion(): string {
  const versions = JSON.parse(readFileSync(builtAsset('layers', 'onnxruntime.json'), 'utf8')) as {
    readonly 'onnxruntime-node': string;
  };
  const version = versions['onnxruntime-node'];
  if (version.localeCompare(OLDEST, 'en', { numeric: true }) < 0) {
    throw new StrataConstructError(
      'ONNXRUNTIME_TOO_OLD',
      `the layers were built from onnxruntime-node ${version}, which does not run on Lambda with arm64; install ${OLDEST} or later and run \`npm run build\``,
    );
  }
  return version;
}
