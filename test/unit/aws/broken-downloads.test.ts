import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ArtifactsBucket } from '../../../aws/artifacts-bucket.ts';
import { s3 } from '../../../aws/clients.ts';
import { ModelFiles } from '../../../core/engine/model-files.ts';
import { artifactOf } from '../../support/models/model-versions.ts';

const bytes = Buffer.alloc(50_000, 'model');
const artifact = artifactOf(bytes);

type Answer = (response: ServerResponse) => void;

const whole: Answer = (response) =>
  void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
const cutOff: Answer = (response) => {
  response.writeHead(200, { 'content-length': bytes.length });
  response.write(bytes.subarray(0, 20_000), () => response.destroy());
};
const failing: Answer = (response) =>
  void response.writeHead(500).end('<Error><Code>InternalError</Code></Error>');
const otherBytes: Answer = (response) =>
  void response.writeHead(200, { 'content-length': bytes.length }).end(Buffer.alloc(bytes.length));
const missing: Answer = (response) =>
  void response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');

/** What becomes of a file whose bucket gives these answers one after the other, the last one for ever; with the real client. */
async function fetched(...answers: readonly Answer[]) {
  let asked = 0;
  const server = createServer((_request, response) => {
    answers[Math.min(asked, answers.length - 1)]?.(response);
    asked += 1;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const directory = mkdtempSync(join(tmpdir(), 'downloads-'));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const awsEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const files = new ModelFiles({
    artifacts: new ArtifactsBucket(s3({ region: 'us-east-1', awsEndpoint }), 'artifacts'),
    directory,
    onMismatch: () => {},
  });
  const outcome = await files
    .use(artifact, async ({ path }) => (readFileSync(path).equals(bytes) ? 'right' : 'wrong'))
    .catch(({ code, statusCode }: { code: string; statusCode: number }) => `${statusCode} ${code}`);
  return { outcome, asked };
}

it('a download that breaks off, or is answered with 500, is tried again', async () => {
  expect(await fetched(cutOff, failing, cutOff, whole)).toEqual({ outcome: 'right', asked: 4 });
});

it('a download that always breaks off is 503 after some tries', async () => {
  expect(await fetched(cutOff)).toEqual({ outcome: '503 ARTIFACT_UNAVAILABLE', asked: 3 });
});

it('a bucket that always fails is 503', async () => {
  expect((await fetched(failing)).outcome).toBe('503 ARTIFACT_UNAVAILABLE');
});

it('other bytes, or none, are not asked for again: they would be the same', async () => {
  expect(await fetched(otherBytes)).toEqual({ outcome: '503 DIGEST_MISMATCH', asked: 1 });
  expect(await fetched(missing)).toEqual({ outcome: '503 ARTIFACT_UNAVAILABLE', asked: 1 });
});
