/** What `npm pack --json` says of one package. */
export interface PackedPackage {
  readonly filename: string;
  /** Size of the tarball in bytes. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** Two layers of onnxruntime make nearly all of it. */
const MAX_TARBALL_BYTES = 40 * 1024 * 1024;

/** Everything that may be in the package. */
const ALLOWED: readonly RegExp[] = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|\.jsii)$/,
  /^dist\/([a-z-]+\/)*[a-z-]+\.(js|d\.ts)$/,
  /^assets\/app\/(cdk\.out|manifest\.json|\w+\.(assets|template)\.json)$/,
  /^assets\/cli\/[a-z-]+\.mjs$/,
  /^assets\/cli\/conformance-models\/\w+\.onnx$/,
  /^assets\/lambdas\/[a-z-]+\/handler\.mjs(\.map)?$/,
  /^assets\/lambdas\/admit-version\/measure-child\.mjs(\.map)?$/,
  /^assets\/lambdas\/[a-z-]+\/[a-z-]+\.(onnx|json)$/,
  /^assets\/layers\/onnxruntime(-linux-(x64|arm64)\.zip|\.json)$/,
  /^assets\/server\/(Dockerfile|engine-worker\.mjs|strata-server\.mjs)$/,
  /^assets\/schemas\/[a-z-]+\.schema\.json$/,
];

/** What a package without would not work. */
const NEEDED = [
  '.jsii',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/contracts/deployment.js',
  'assets/app/manifest.json',
  'assets/cli/measure-child.mjs',
  'assets/cli/strata.mjs',
  'assets/lambdas/admit-version/measure-child.mjs',
  'assets/lambdas/infer/handler.mjs',
  'assets/lambdas/infer/handler.mjs.map',
  'assets/layers/onnxruntime-linux-arm64.zip',
  'assets/layers/onnxruntime-linux-x64.zip',
  'assets/layers/onnxruntime.json',
  'assets/server/engine-worker.mjs',
  'assets/server/strata-server.mjs',
];

/**
 * Fails when the package holds something else than it should, or too much of it.
 * @returns its size in words
 */
export function checkContent({ size, unpackedSize, files }: PackedPackage): string {
  const paths = files.map(({ path }) => path);
  const foreign = paths.filter((path) => !ALLOWED.some((pattern) => pattern.test(path)));
  if (foreign.length > 0) throw new Error(`the package must not hold ${foreign.join(', ')}`);
  const missing = NEEDED.filter((path) => !paths.includes(path));
  if (missing.length > 0) throw new Error(`the package lacks ${missing.join(', ')}`);
  if (size > MAX_TARBALL_BYTES)
    throw new Error(`the tarball has ${size} bytes, at most ${MAX_TARBALL_BYTES}`);
  return `${paths.length} files, ${megabytes(size)} packed, ${megabytes(unpackedSize)} unpacked`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
