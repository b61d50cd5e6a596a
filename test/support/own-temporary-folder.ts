import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

// A test file that imports this has a temporary folder of its own, removed when the file has ended. What it runs, the
// CDK for one, keeps assemblies and models in the system's otherwise.
const folder = mkdtempSync(join(tmpdir(), 'strata-test-'));
process.env['TMPDIR'] = folder;
const remove = () => rmSync(folder, { recursive: true, force: true });
afterAll(remove);
// A file that fails before its first test has no end.
process.once('exit', remove);
