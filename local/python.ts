import { execa } from 'execa';

/** Names to look for, in this order. MiniStack needs 3.10. */
export const PYTHON_NAMES = [
  'python3',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
] as const;

export type PythonSearch = { readonly found: string } | { readonly missing: string };

/** What one interpreter says of itself; undefined when there is none of that name. */
export type AskPython = (name: string) => Promise<PythonAnswer | undefined>;

export interface PythonAnswer {
  readonly executable: string;
  readonly version: readonly [major: number, minor: number];
  /** Whether `venv` and `ensurepip` can be imported: Debian and Ubuntu ship them apart. */
  readonly canMakeEnvironments: boolean;
}

const QUESTION = `
import json, sys
from importlib.util import find_spec
able = bool(find_spec("venv") and find_spec("ensurepip"))
print(json.dumps({"executable": sys.executable, "version": sys.version_info[:2], "canMakeEnvironments": able}))
`;

/**
 * Finds a Python that can hold the emulator, or says in one line what is missing.
 * @param names to look for, in this order
 */
export async function findPython(
  ask: AskPython = askPython,
  names: readonly string[] = PYTHON_NAMES,
): Promise<PythonSearch> {
  const unable: PythonAnswer[] = [];
  const tooOld: PythonAnswer[] = [];
  for (const name of names) {
    const answer = await ask(name);
    if (!answer) continue;
    const [major, minor] = answer.version;
    if (major !== 3 || minor < 10) tooOld.push(answer);
    else if (answer.canMakeEnvironments) return { found: answer.executable };
    else unable.push(answer);
  }
  if (unable[0]) {
    const version = unable[0].version.join('.');
    return {
      missing: `Python ${version} cannot make virtual environments: sudo apt-get install python${version}-venv`,
    };
  }
  if (tooOld[0]) return { missing: `Python 3.10 or later is needed, found ${tooOld[0].version.join('.')}.` };
  return { missing: 'Python 3.10 or later is needed, found none.' };
}

async function askPython(name: string): Promise<PythonAnswer | undefined> {
  try {
    const { stdout } = await execa(name, ['-c', QUESTION], { timeout: 10_000, stdin: 'ignore' });
    return JSON.parse(stdout) as PythonAnswer;
  } catch {
    return undefined;
  }
}
