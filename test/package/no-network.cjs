// Loaded before an app of a consumer: whoever reaches for the network or for another program fails.
const childProcess = require('node:child_process');
const net = require('node:net');

function refuse(what) {
  return () => {
    throw new Error(`${what} while the app is synthesised`);
  };
}

net.Socket.prototype.connect = refuse('a connection');
for (const name of ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync']) {
  childProcess[name] = refuse(`${name}()`);
}
