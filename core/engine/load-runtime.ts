import { StrataError } from '../errors.ts';
import { runtimeFolder } from './native-binding.ts';

/** The JavaScript API of onnxruntime-node. */
export type Runtime = typeof import('onnxruntime-node');

/**
 * Loads onnxruntime. A process pays for it once, when the first model is opened.
 *
 * onnxruntime's Linux binaries report file and graph names to their maker unless `ORT_DISABLE_TELEMETRY` is set before
 * the first session; it is set here. A worker thread's environment is a copy that native code does not see: a program
 * that opens models in workers calls this (or sets the variable) in its main thread first.
 *
 * @throws StrataError `RUNTIME_MISSING`, `UNSUPPORTED_HOST`
 */
export async function loadRuntime(): Promise<Runtime> {
  runtimeFolder();
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  try {
    // By its named exports: whether there is a default one depends on who loads it (Node, tsx, a bundle).
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new StrataError(
      'UNSUPPORTED_HOST',
      `onnxruntime does not open on ${process.platform}-${process.arch}. It needs Linux (glibc 2.28 or later) on x64 or arm64, macOS on arm64, or Windows.`,
      { cause },
    );
  }
}

/**
 * The runtime and its version, for example `onnxruntime-node 1.30.0`.
 *
 * @throws StrataError `RUNTIME_MISSING`, `UNSUPPORTED_HOST`
 */
export async function runtimeName(): Promise<string> {
  const { versions } = (await loadRuntime()).env;
  return `onnxruntime-node ${versions.node ?? versions.common}`;
}
