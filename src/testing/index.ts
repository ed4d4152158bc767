export { type ReportedError, type TestLink, type TestLinkOptions, testLink } from './test-link.js';
export { VirtualClock } from './virtual-clock.js';
