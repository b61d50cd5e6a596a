import { readFile } from 'node:fs/promises';

/** The most memory that this process has held until now, in bytes. Source: proc(5), `VmHWM`; getrusage(2) elsewhere. */
export async function peakBytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
  return Number(kilobytes) * 1024;
}
