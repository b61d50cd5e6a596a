import { Buffer } from 'node:buffer';
import type { Principal } from '../access/principal.ts';
import { NotFoundError } from '../errors.ts';
import type { ProtocolResponse } from '../protocol/http.ts';
import type { StagingStore } from '../registry/staging-store.ts';
import type { ArtifactFolders } from './artifact-folders.ts';
import type { Fields } from './fields.ts';
import type { MlflowAnswer, MlflowCall, MlflowRoute } from './mlflow-route.ts';

/** Files up to this size are stored as they come; for larger ones the client is sent to the store. */
const MOST_DIRECT_BYTES = 1024 * 1024;

/** Parts of one upload: at MLflow's ten megabytes each, ten gigabytes. More URLs would not fit into an answer. */
const MOST_PARTS = 1000;

/** `mlflow-artifacts/…`: files of runs, logged models and versions. */
export function artifactRoutes(folders: ArtifactFolders, staging: StagingStore): MlflowRoute[] {
  return [
    routeAt('PUT', 'artifacts/*', 'write', async ({ path, principal, request }) => {
      const key = await folders.toWrite(path['*'] ?? '', principal);
      const { body } = request;
      if (body.length > MOST_DIRECT_BYTES) return redirect(307, await staging.signUpload(key, body.length));
      await staging.put(key, body);
      return { json: {} };
    }),
    // Before the files: their pattern takes the folder itself, too.
    routeAt('GET', 'artifacts', 'read', async ({ fields, principal }) => {
      const path = fields().optionalText('path') ?? '';
      const folder = await folders.toRead(path, principal);
      if (folder === undefined) return { json: {} };
      const listing = await staging.list(folder);
      const files = [
        ...listing.folders.map((name) => ({ path: name, is_dir: true })),
        ...listing.files.map(({ name, size }) => ({ path: name, is_dir: false, file_size: size })),
      ].sort((a, b) => (a.path < b.path ? -1 : 1));
      return { json: files.length === 0 ? {} : { files } };
    }),
    routeAt('GET', 'artifacts/*', 'read', async ({ path, principal }) => {
      const { key } = await existing(path['*'] ?? '', principal);
      return redirect(302, await staging.signDownload(key));
    }),
    routeAt('GET', 'presigned/*', 'read', async ({ path, principal }) => {
      const { key, size } = await existing(path['*'] ?? '', principal);
      return { json: { url: await staging.signDownload(key), headers: {}, file_size: size } };
    }),
    routeAt('POST', 'mpu/create/*', 'write', async (call) => {
      const fields = call.fields();
      const parts = fields.integer('num_parts', 1, MOST_PARTS, 1);
      const upload = await staging.startUpload(await uploaded(call, fields), parts);
      return {
        json: {
          upload_id: upload.id,
          credentials: upload.urls.map((url, i) => ({ url, part_number: i + 1, headers: {} })),
        },
      };
    }),
    routeAt('POST', 'mpu/complete/*', 'write', async (call) => {
      const fields = call.fields();
      const parts = fields.list('parts').map((part) => ({
        number: part.integer('part_number', 1, MOST_PARTS, 0),
        etag: part.text('etag'),
      }));
      const sorted = parts.toSorted((a, b) => a.number - b.number);
      await staging.completeUpload(await uploaded(call, fields), fields.text('upload_id'), sorted);
      return { json: {} };
    }),
    routeAt('POST', 'mpu/abort/*', 'write', async (call) => {
      const fields = call.fields();
      await staging.abortUpload(await uploaded(call, fields), fields.text('upload_id'));
      return { json: {} };
    }),
  ];

  /** The folder is in the URL, the file in the body: by its path on the client's machine, of which the name counts. */
  async function uploaded({ path, principal }: MlflowCall, fields: Fields): Promise<string> {
    const name = fields.text('path').split(/[/\\]/).at(-1);
    return folders.toWrite(`${(path['*'] ?? '').replace(/\/+$/, '')}/${name}`, principal);
  }

  async function existing(path: string, principal: Principal) {
    const key = await folders.toRead(path, principal);
    const size = key === undefined ? undefined : await staging.size(key);
    if (key !== undefined && size !== undefined) return { key, size };
    throw new NotFoundError('ARTIFACT_NOT_FOUND', `There is no file ${JSON.stringify(path.slice(0, 300))}.`);
  }
}

function routeAt(
  method: MlflowRoute['method'],
  path: string,
  action: MlflowRoute['action'],
  answer: (call: MlflowCall) => Promise<MlflowAnswer>,
): MlflowRoute {
  return { method, pattern: `mlflow-artifacts/${path}`, action, answer };
}

function redirect(status: 302 | 307, location: string): { readonly response: ProtocolResponse } {
  // The URL is a secret for as long as it works.
  const headers = { location, 'cache-control': 'no-store', 'content-type': 'application/json' };
  return { response: { status, headers, body: Buffer.from('{}') } };
}
