import { type MlflowRoute, route } from './mlflow-route.ts';

/** What a client asks before it transfers files: none of the ways beyond plain requests are there. */
export function serverInfoRoute(): MlflowRoute {
  return route('GET', 'server-info', 'read', async () => ({
    workspaces_enabled: false,
    multipart_uploads_enabled: false,
    multipart_downloads_enabled: false,
    artifacts_presigned_only: false,
  }));
}
