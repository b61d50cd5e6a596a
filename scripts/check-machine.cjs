// Runs on the Node that started npm, before anything else, and says in one line what is missing here.
const { execFileSync } = require('node:child_process');
const { join } = require('node:path');

const needed = 24;

function problem() {
  if (process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime) {
    return 'this is a musl system (Alpine?), and onnxruntime needs glibc 2.28 or later. Use a Debian, Ubuntu or Fedora based machine.';
  }
  try {
    const brought = join(__dirname, '..', 'node_modules', '.bin', 'node');
    const version = execFileSync(brought, ['--version'], { encoding: 'utf8' });
    if (Number(version.slice(1).split('.')[0]) >= needed) return undefined;
  } catch {}
  return `Node ${needed} is not in node_modules. The package "node" brings it along when its install script may run: npm ci --foreground-scripts`;
}

const found = problem();
if (found) {
  process.stderr.write(`strata: ${found}\n`);
  process.exit(1);
}
