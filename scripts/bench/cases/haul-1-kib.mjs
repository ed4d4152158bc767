// @ts-check
import { haulCase } from './parts/haul.mjs';

export default haulCase('haul-1-kib', 1_024, 3);
