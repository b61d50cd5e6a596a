import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SUITES } from '../../../conformance/checks/all.ts';
import { runCommandLine, TOKEN_VARIABLE } from '../../../conformance/command-line.ts';
import type { CheckResult } from '../../../conformance/run-suite.ts';
import type { Scores } from '../../../conformance/score.ts';
import { describeModel } from '../../../core/onnx/describe-model.ts';
import { type Fault, startTestServer, type TestServer } from './test-server.ts';

interface JsonReport {
  readonly url: string;
  readonly scores: Scores;
  readonly checks: readonly CheckResult[];
}

class Memory extends Writable {
  text = '';
  constructor(readonly isTTY = false) {
    super();
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function run(args: readonly string[], environment: Record<string, string> = {}, isTTY = false) {
  const stdout = new Memory(isTTY);
  const stderr = new Memory();
  const exitCode = await runCommandLine(args, { stdout, stderr, environment });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

const report = async (...args: string[]) => {
  const { exitCode, stdout } = await run([...args, '--json']);
  return { exitCode, ...(JSON.parse(stdout) as JsonReport) };
};

const NEVER_REFUSES: Fault = { response: (response) => ({ ...response, status: 200 }) };

describe('the suite', () => {
  it('has at least 120 checks, each with a name of its own and a reference', () => {
    const names = SUITES.flatMap(({ title, checks }) => checks.map((check) => `${title}: ${check.title}`));
    expect(names.length).toBeGreaterThanOrEqual(120);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    for (const { reference, checks } of SUITES) {
      for (const check of checks) expect((check.reference ?? reference).url).toMatch(/^https:\/\//);
    }
  });
});

describe('oip-conformance <url>', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it('gives a server without fault the full score', async () => {
    server.plant();
    const { exitCode, scores, checks } = await report(server.url);
    expect(checks.filter(({ status }) => status !== 'passed')).toEqual([]);
    for (const need of ['must', 'should', 'nice', 'all'] as const)
      expect(scores[need]).toMatchObject({ share: 1 });
    expect(exitCode).toBe(0);
  }, 60_000);

  it('says of a faulty server what is wrong, why, and where that is written; exit code 1', async () => {
    server.plant(NEVER_REFUSES);
    const { exitCode, stdout } = await run([server.url, '--class', 'must', '--timeout', '10']);
    server.plant();
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/failed {2}must +GET \/v2\/nothing: 404\n.*status 404 expected, got 200/);
    expect(stdout).toContain('https://github.com/kserve/open-inference-protocol/');
    expect(stdout).toMatch(/^must +\d+ +\d+ +0 +\d+\.\d %$/m);
    expect(stdout).not.toContain('\u001b');
  }, 60_000);

  it('passes a server that fails what is not required, unless it is', async () => {
    // Only what is nice fails.
    server.plant({
      response: (response) => ({ ...response, headers: { ...response.headers, vary: 'nothing' } }),
    });
    const lenient = await run([server.url, '--class', 'nice', '--require', 'should']);
    const strict = await run([server.url, '--require', 'must,should,nice']);
    server.plant();
    expect(lenient.stdout).toContain('a compressed answer says that it varies with Accept-Encoding');
    expect([lenient.exitCode, strict.exitCode]).toEqual([0, 1]);
  }, 60_000);

  it('runs only the classes asked for, beside those required', async () => {
    const { checks } = await report(server.url, '--class', 'should', '--require', 'should');
    expect(new Set(checks.map(({ need }) => need))).toEqual(new Set(['should']));
  }, 60_000);

  it('has colours on a terminal, and none where NO_COLOR asks so', async () => {
    const args = [server.url, '--class', 'nice', '--require', 'nice'];
    const [coloured, plain] = [await run(args, {}, true), await run(args, { NO_COLOR: '1' }, true)];
    expect(coloured.stdout).toContain('\u001b[32m');
    expect(plain.stdout).not.toContain('\u001b');
  }, 60_000);

  it('sends the token of the environment or of the option, and headers', async () => {
    const seen: (string | undefined)[][] = [];
    server.plant({
      request: (request) => {
        seen.push([request.headers['authorization'], request.headers['x-team']]);
        return request;
      },
    });
    const args = [server.url, '--class', 'nice', '--require', 'nice'];
    await run(args, { [TOKEN_VARIABLE]: 'secret' });
    expect(new Set(seen.map(String))).toEqual(new Set(['Bearer secret,']));
    seen.length = 0;
    await run([...args, '--token', 'other', '--header', 'X-Team: ml ops'], { [TOKEN_VARIABLE]: 'secret' });
    server.plant();
    expect(new Set(seen.map(String))).toEqual(new Set(['Bearer other,ml ops']));
  }, 60_000);
});

describe('a server that lacks models', () => {
  it('has the checks about them skipped, which is not passed', async () => {
    const server = await startTestServer({ without: ['constant', 'two_versions'] });
    const args = [server.url, '--class', 'must'];
    const { exitCode, scores, checks } = await report(...args);
    const tolerant = await run([...args, '--allow-skipped']);
    await server.stop();
    const skipped = checks.filter(({ status }) => status === 'skipped');
    expect(skipped.map(({ reason }) => reason)).toContain('the server has no model constant');
    expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(scores.must).toMatchObject({ skipped: skipped.length, failed: 0 });
    expect(scores.must.share).toBeLessThan(1);
    expect([exitCode, tolerant.exitCode]).toEqual([1, 0]);
    expect(tolerant.stdout).toMatch(/skipped {2}\d+ checks?: the server has no model two_versions/);
  }, 60_000);

  it('may have them under names with a prefix', async () => {
    const server = await startTestServer({ prefix: 'oip-' });
    const { exitCode, scores } = await report(
      server.url,
      '--model-prefix',
      'oip-',
      '--require',
      'must,should,nice',
    );
    await server.stop();
    expect(scores.all).toMatchObject({ failed: 0, skipped: 0 });
    expect(exitCode).toBe(0);
  }, 60_000);
});

describe('what cannot be checked', () => {
  it.each([
    [['http://127.0.0.1:1'], 3, /ECONNREFUSED/],
    [['ftp://example.com'], 2, /http:\/\/ or https:\/\//],
    [[], 2, /url/],
    [['http://localhost', '--class', 'most'], 2, /must, should, nice/],
    [['http://localhost', '--header', 'nothing'], 2, /name: value/],
    [['http://localhost', '--concurrency', '0'], 2, /1 to 3600/],
  ] as const)('%j: exit code %i', async (args, exitCode, message) => {
    const { exitCode: actual, stderr, stdout } = await run(args);
    expect({ actual, stdout }).toEqual({ actual: exitCode, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('is a server that wants a token first', async () => {
    const server = await startTestServer();
    server.plant({ response: (response) => ({ ...response, status: 401 }) });
    const { exitCode, stderr } = await run([server.url]);
    await server.stop();
    expect(exitCode).toBe(3);
    expect(stderr).toContain(TOKEN_VARIABLE);
  });
});

describe('oip-conformance models <directory>', () => {
  it('writes models that can be read, in the layout of a Triton repository', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'models-'));
    const { exitCode } = await run(['models', directory, '--model-prefix', 'oip_']);
    expect(exitCode).toBe(0);
    expect(await readdir(join(directory, 'oip_two_versions'))).toEqual(['1', '2', 'config.pbtxt']);
    const names = await readdir(directory);
    expect(names).toHaveLength(20);
    for (const name of names) {
      expect(await readFile(join(directory, name, 'config.pbtxt'), 'utf8')).toContain(`name: "${name}"`);
      const bytes = await readFile(join(directory, name, '1', 'model.onnx'));
      expect(describeModel(bytes).outputs.length).toBeGreaterThan(0);
    }
    await rm(directory, { recursive: true });
  });
});
