import { type MlflowRoute, route } from './mlflow-route.ts';

/**
 * What a client asks before it transfers files: whether there is a store that takes them directly, by signed URLs. Newer
 * clients then send every file there, older ones those above a limit of theirs.
 */
export function serverInfoRoute(hasStaging: boolean): MlflowRoute {
  return route('GET', 'server-info', 'read', async () => ({
    workspaces_enabled: false,
    multipart_uploads_enabled: hasStaging,
    multipart_downloads_enabled: hasStaging,
    artifacts_presigned_only: hasStaging,
  }));
}
