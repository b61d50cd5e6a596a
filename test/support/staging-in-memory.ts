import { InvalidInputError } from '../../core/errors.ts';
import type {
  FolderListing,
  StagingStore,
  StartedUpload,
  UploadedPart,
} from '../../core/registry/staging-store.ts';

/** Files in memory. What a signed URL would do is done by `upload`. */
export class StagingInMemory implements StagingStore {
  readonly files = new Map<string, Buffer>();
  readonly #uploads = new Map<string, Map<number, Buffer>>();

  async put(key: string, bytes: Uint8Array): Promise<void> {
    this.files.set(key, Buffer.from(bytes));
  }

  async size(key: string): Promise<number | undefined> {
    return this.files.get(key)?.length;
  }

  async list(folder: string): Promise<FolderListing> {
    const below = [...this.files].filter(([key]) => key.startsWith(`${folder}/`));
    const names = below.map(([key, { length }]) => ({ name: key.slice(folder.length + 1), size: length }));
    return {
      files: names.filter(({ name }) => !name.includes('/')),
      folders: [
        ...new Set(names.flatMap(({ name }) => (name.includes('/') ? (name.split('/')[0] ?? []) : []))),
      ],
    };
  }

  async signUpload(key: string, bytes: number): Promise<string> {
    return `https://store.example/${key}?put=${bytes}`;
  }

  async signDownload(key: string): Promise<string> {
    return `https://store.example/${key}?get`;
  }

  async startUpload(key: string, parts: number): Promise<StartedUpload> {
    const id = `upload-${this.#uploads.size}`;
    this.#uploads.set(`${id} ${key}`, new Map());
    return {
      id,
      urls: Array.from({ length: parts }, (_, i) => `https://store.example/${key}?part=${i + 1}`),
    };
  }

  /** What a client does at the URL of a part. */
  uploadPart(key: string, id: string, number: number, bytes: Buffer): UploadedPart {
    this.#uploads.get(`${id} ${key}`)?.set(number, bytes);
    return { number, etag: `etag-${number}` };
  }

  async completeUpload(key: string, id: string, parts: readonly UploadedPart[]): Promise<void> {
    const uploaded = this.#uploads.get(`${id} ${key}`);
    if (!uploaded || parts.some(({ number }) => !uploaded.has(number))) {
      throw new InvalidInputError('INVALID_UPLOAD', 'there is no such upload');
    }
    this.files.set(key, Buffer.concat(parts.map(({ number }) => uploaded.get(number) as Buffer)));
    this.#uploads.delete(`${id} ${key}`);
  }

  async abortUpload(key: string, id: string): Promise<void> {
    this.#uploads.delete(`${id} ${key}`);
  }

  async copyFolder(from: string, to: string): Promise<number> {
    const below = [...this.files].filter(([key]) => key.startsWith(`${from}/`));
    for (const [key, bytes] of below) this.files.set(to + key.slice(from.length), bytes);
    return below.length;
  }
}
