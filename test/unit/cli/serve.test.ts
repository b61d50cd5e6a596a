import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../cli/command-line.ts';

const MODEL = 'examples/penguins/model.onnx';
const TSX = resolve('node_modules/.bin/tsx');

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** `strata serve` as a process of its own, once it has said where it is. */
async function started(args: readonly string[]) {
  const child = spawn(TSX, ['cli/strata.ts', 'serve', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      said += chunk;
      if (said.endsWith('\n')) resolve();
    });
    exited.then(([code]) => reject(new Error(`ended with ${code}`)), reject);
  });
  return { child, exited, said, endpoint: /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? '' };
}

async function refused(args: readonly string[]) {
  let err = '';
  const stderr = new Writable({
    write(chunk: Buffer, _encoding, done) {
      err += chunk.toString();
      done();
    },
  });
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done() });
  const environment = {};
  const terminal = { stdin: Readable.from([]), stdout, stderr, environment, directory: process.cwd() };
  return { code: await runCommandLine(['serve', ...args], terminal), err };
}

describe('strata serve', () => {
  it('prints a call that works as it stands, and ends with 0 when it is told to', async () => {
    const { child, exited, said } = await started([MODEL]);
    expect(said).toContain('Serving model at http://127.0.0.1:');
    const call = said.slice(said.indexOf('  curl'), said.indexOf('\n\nCtrl-C'));
    const shell = spawn('sh', ['-c', call], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [answer] = (await once(shell.stdout, 'data')) as [Buffer];
    expect(JSON.parse(answer.toString())).toMatchObject({
      model_name: 'model',
      outputs: [{ name: 'label' }, {}],
    });
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  }, 30_000);

  it('prints one line of JSON for programs, and asks for the token that it was given', async () => {
    const { child, exited, said, endpoint } = await started([MODEL, '--json', '--token', 'secret']);
    expect(JSON.parse(said)).toEqual({ endpoint, models: ['model'] });
    expect((await fetch(`${endpoint}/v2`)).status).toBe(401);
    const answer = await fetch(`${endpoint}/v2`, { headers: { authorization: 'Bearer secret' } });
    expect(answer.status).toBe(200);
    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
  }, 30_000);

  it.each([
    ['no models', [], 'NO_MODELS'],
    ['models and a registry', [MODEL, '--registry'], 'NO_MODELS'],
    ['a file that is not there', ['missing.onnx'], 'FILE_NOT_FOUND'],
    ['a file that is no model', ['package.json'], 'NOT_ONNX'],
    ['an open door', [MODEL, '--host', '0.0.0.0'], 'ACCESS_REQUIRED'],
  ])('refuses %s', async (_what, args, code) => {
    const { code: exitCode, err } = await refused(args);
    expect(exitCode).toBe(1);
    expect(err).toContain(`[${code}]`);
  });

  it.each([
    ['--port', '70000'],
    ['--workers', '0'],
    ['--max-batch', 'many'],
  ])('does not understand %s %s', async (option, value) => {
    const { code, err } = await refused([MODEL, option, value]);
    expect(code).toBe(2);
    expect(err).toContain('whole number');
  });
});
