import { describe, expect, it } from 'vitest';
import { findPython, type PythonAnswer } from '../../../local/python.ts';

const python = (minor: number, canMakeEnvironments = true): PythonAnswer => ({
  executable: `/usr/bin/python3.${minor}`,
  version: [3, minor],
  canMakeEnvironments,
});

/** A machine that has these interpreters. */
const machine = (interpreters: Record<string, PythonAnswer>) => async (name: string) => interpreters[name];

describe('the Python for the emulator', () => {
  it('is python3 when that is 3.10 or later', async () => {
    expect(await findPython(machine({ python3: python(10), 'python3.13': python(13) }))).toEqual({
      found: '/usr/bin/python3.10',
    });
  });

  it('is a later one beside a python3 that is too old', async () => {
    expect(await findPython(machine({ python3: python(9), 'python3.11': python(11) }))).toEqual({
      found: '/usr/bin/python3.11',
    });
  });

  it('is one that can make virtual environments, when there are several', async () => {
    expect(await findPython(machine({ python3: python(12, false), 'python3.11': python(11) }))).toEqual({
      found: '/usr/bin/python3.11',
    });
  });

  it('is missing the package that Debian ships apart: one line with the command', async () => {
    expect(await findPython(machine({ python3: python(11, false) }))).toEqual({
      missing: 'Python 3.11 cannot make virtual environments: sudo apt-get install python3.11-venv',
    });
  });

  it('is too old', async () => {
    expect(await findPython(machine({ python3: python(9) }))).toEqual({
      missing: 'Python 3.10 or later is needed, found 3.9.',
    });
  });

  it('is not there', async () => {
    expect(await findPython(machine({}))).toEqual({ missing: 'Python 3.10 or later is needed, found none.' });
  });
});
