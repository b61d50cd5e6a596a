import type { Suite } from '../check.ts';
import { binaryExtension } from './binary-extension.ts';
import { bodies } from './bodies.ts';
import { classification } from './classification.ts';
import { compression } from './compression.ts';
import { datatypes } from './datatypes.ts';
import { errors } from './errors.ts';
import { health } from './health.ts';
import { describes } from './metadata.ts';
import { repository } from './repository.ts';
import { requests } from './requests.ts';
import { routes } from './routes.ts';
import { statistics } from './statistics.ts';
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
  compression,
  errors,
  classification,
  statistics,
  repository,
];
