import { userInfo } from 'node:os';

/** Who works at this machine, as the alias log shows it; the account's own trail has the verified identity. */
export function actor(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    return 'cli';
  }
}
