// @ts-check
import { haulCase } from './parts/haul.mjs';

// A message and what it is wrapped in fit into the 1 MiB that an item may have.
export default haulCase('haul-1-mib', 1_048_500, 1);
