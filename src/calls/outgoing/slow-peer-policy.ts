/**
 * What becomes of one-way calls that a slow peer does not take:
 *
 * - `wait`: they wait in line, up to 1,024 of all kinds; then they fail;
 * - `latest`: of each method the newest waits;
 * - `drop-oldest`: of each method the newest 256 wait;
 * - `fail-session`: they wait in line; when it is full the session ends.
 */
export type SlowPeerPolicy = 'wait' | 'latest' | 'drop-oldest' | 'fail-session';

/** A policy under which no caller waits. */
export type QuickPolicy = Exclude<SlowPeerPolicy, 'wait'>;
