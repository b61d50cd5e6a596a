import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { row } from '../../../../bench/server/dialects.ts';
import { type Field, inRounds } from '../../../../bench/server/field.ts';
import { processTree } from '../../../../bench/server/process-tree.ts';
import { rightAnswer } from '../../../../bench/server/right-answer.ts';
import { TABULAR } from '../../../../bench/server/served-models.ts';
import type { Subject } from '../../../../bench/server/subject.ts';

const right = await rightAnswer(TABULAR);

/** A server of one line, which gives everybody the same answer. */
function answering(name: string, answer: unknown): Subject {
  const program = `require('node:http')
    .createServer((request, response) => response.end(${JSON.stringify(JSON.stringify(answer))}))
    .listen(Number(process.argv[1]), '127.0.0.1')`;
  return {
    name,
    dialect: row,
    path: () => '/',
    command: (_, port) => ({ file: process.execPath, args: ['-e', program, '--', String(port)] }),
  };
}

const broken: Subject = {
  ...answering('broken', right),
  command: () => ({
    file: process.execPath,
    args: ['-e', 'console.error("no such model"); process.exit(1)'],
  }),
};

async function measured(subjects: readonly Subject[], fails?: string) {
  const notes: string[] = [];
  const order: string[] = [];
  const pids: number[] = [];
  const field = { rounds: 3, note: (text: string) => notes.push(text) } as unknown as Field;
  const found = await inRounds(field, subjects, TABULAR, [], async ({ name, pid }) => {
    order.push(name);
    pids.push(pid);
    // A signal takes a moment to arrive.
    await vi.waitFor(
      () => expect(pids.filter((each) => stateOf(each) !== 'T' && each !== pid)).toEqual([]),
      10_000,
    );
    expect(stateOf(pid)).not.toBe('T');
    if (name === fails) throw new Error(`${name}: it refuses`);
    return name;
  });
  return { found: [...found.keys()], order, notes, pids };
}

/** `T` for a process that is stopped. */
function stateOf(pid: number): string | undefined {
  return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}

describe.skipIf(process.platform !== 'linux')('servers that are compared', () => {
  it('are measured in rounds that each begin with another one, stopped meanwhile, and ended', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => answering(name, right)) as [Subject, Subject, Subject];
    const { order, pids, notes } = await measured([a, b, c]);
    expect(order.join('')).toBe('abcbcacab');
    expect(notes).toEqual([]);
    expect(new Set(pids).size).toBe(3);
    expect(pids.flatMap(processTree)).toEqual([]);
  });

  it('are named and left out when they do not start, with the end of their log', async () => {
    const { found, notes } = await measured([answering('ours', right), broken]);
    expect(found).toEqual(['ours']);
    expect(notes).toEqual([expect.stringMatching(/^left out: broken: it ended\..*\n.*no such model/s)]);
  });

  it('are named and left out when they answer wrong', async () => {
    const { found, notes } = await measured([
      answering('ours', right),
      answering('liar', { label: 'Gentoo' }),
    ]);
    expect(found).toEqual(['ours']);
    expect(notes[0]).toContain('liar: it answers wrong: label is "Gentoo", not ["Adelie"]');
  });

  it('are named and left out when they refuse under load', async () => {
    const subjects = [answering('ours', right), answering('peer', right)];
    const { found, order, notes } = await measured(subjects, 'peer');
    expect(found).toEqual(['ours']);
    expect(order.filter((name) => name === 'peer')).toHaveLength(1);
    expect(notes).toEqual(['left out: peer: it refuses']);
  });

  it('fail the run when ours does not work', async () => {
    await expect(measured([broken, answering('peer', right)])).rejects.toThrow('broken: it ended');
  });
});
