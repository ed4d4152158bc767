// @ts-check
import { haulCase } from '../haul.mjs';

export default haulCase('haul-1-kib', 1_024, 3);
