// @ts-check
import { haulCase } from './parts/haul.mjs';

export default haulCase('haul-64-kib', 65_536, 1);
