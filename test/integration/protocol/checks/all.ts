import type { Suite } from '../check.ts';
import { binaryExtension } from './binary-extension.ts';
import { bodies } from './bodies.ts';
import { datatypes } from './datatypes.ts';
import { health } from './health.ts';
import { describes } from './metadata.ts';
import { requests } from './requests.ts';
import { routes } from './routes.ts';
import { validation } from './validation.ts';

/** Everything that can be said of a server of the Open Inference Protocol from outside. */
export const SUITES: readonly Suite[] = [
  health,
  describes,
  routes,
  requests,
  datatypes,
  binaryExtension,
  validation,
  bodies,
];
