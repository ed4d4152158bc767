import { carrierMutants } from './carriers.js';
import type { Mutant } from './mutant.js';
import { openingMutants } from './openings.js';
import { replayMutants } from './replay.js';
import { sessionMutants } from './sessions.js';

/** Every bug that has to be found. */
export const allMutants: readonly Mutant[] = [
  ...replayMutants,
  ...openingMutants,
  ...sessionMutants,
  ...carrierMutants,
];
