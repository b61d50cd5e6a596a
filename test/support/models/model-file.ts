import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of one of the models beside this file, by its name without `.onnx`. */
export function modelFile(name: string): Buffer {
  return readFileSync(modelPath(name));
}

export function modelPath(name: string): string {
  return join(import.meta.dirname, `${name}.onnx`);
}
