import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODELS = fileURLToPath(new URL('../../support/models/', import.meta.url));

/** A folder of models on the disk, removed with `using`. */
export class TestFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'model-folder-'));

  /** @param files names of test models by the path at which they stand */
  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [path, model] of Object.entries(files)) this.put(path, model);
  }

  at(path: string): string {
    return join(this.path, path);
  }

  /** Puts a test model in one step, as whoever replaces a file under a running server does. */
  put(path: string, model: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    copyFileSync(join(MODELS, `${model}.onnx`), this.at(`${path}.coming`));
    renameSync(this.at(`${path}.coming`), this.at(path));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
