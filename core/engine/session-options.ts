import { availableParallelism } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';

/** Memory at which Lambda grants one whole vCPU. Source: AWS Lambda developer guide, "Configure function memory". */
const MEGABYTES_PER_CPU = 1769;

export interface CpuShare {
  /**
   * Memory of the function in MB, from which Lambda derives its share of CPU.
   * Absent where nothing but the machine limits us: a laptop, a container.
   */
  readonly memoryMegabytes?: number | undefined;
  /** Threads of one operator, instead of the number that follows from the memory. */
  readonly threads?: number | undefined;
  /** Whether a session keeps the memory of its runs for the next ones. @default false */
  readonly keepsMemory?: boolean;
  /** Cores that the process sees. */
  readonly cores?: number;
}

/**
 * Session options for the CPU that is really ours.
 *
 * onnxruntime's own default, one spinning thread per visible core, is up to four times slower under Lambda's quota:
 * Lambda shows two cores and grants a part of one. The arena costs memory for as long as the session is open and gains
 * nothing measurable where one request runs after the other on the main thread. On a worker thread glibc gives back what
 * a large run took and fetches it again for the next: an LSTM of 22 rows takes a tenth more time without the arena.
 * A refused input is the caller's mistake and reaches the caller; the runtime does not print it as well (level 4).
 */
export function sessionOptions(share: CpuShare): InferenceSession.SessionOptions {
  const cores = share.cores ?? availableParallelism();
  const quota = share.memoryMegabytes === undefined ? cores : share.memoryMegabytes / MEGABYTES_PER_CPU;
  const threads = share.threads ?? Math.min(cores, Math.max(1, Math.floor(quota)));
  return {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableCpuMemArena: share.keepsMemory ?? false,
    logSeverityLevel: 4,
    ...(quota < cores && { extra: { session: { intra_op: { allow_spinning: '0' } } } }),
  };
}
