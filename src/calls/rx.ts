import type { Observable, ObservableInput } from 'rxjs';

/**
 * What this library needs of rxjs at run time, piece by piece: 25 of its files
 * instead of 223, which saves a process that does not import rxjs itself a
 * quarter of the time to its first session (50 of 220 ms). By rxjs' `exports`
 * each piece is the very file that `rxjs` hands on, in every module format, so
 * classes are the same as the application's. Types come from `rxjs`.
 */
export { config } from 'rxjs/internal/config';
export { Observable } from 'rxjs/internal/Observable';
export { throwError } from 'rxjs/internal/observable/throwError';
export { tap } from 'rxjs/internal/operators/tap';
export { ReplaySubject } from 'rxjs/internal/ReplaySubject';
export { Subject } from 'rxjs/internal/Subject';
export { Subscription } from 'rxjs/internal/Subscription';
export { isObservable } from 'rxjs/internal/util/isObservable';

/**
 * The observable that rxjs makes of something that is none. Nearly nobody needs
 * that, and it is nine files more: without them a first session takes a
 * twentieth less. Rejects with rxjs' TypeError for what nothing can be made of.
 */
export async function toObservable<Value>(source: ObservableInput<Value>): Promise<Observable<Value>> {
  const { innerFrom } = await import('rxjs/internal/observable/innerFrom');
  return innerFrom(source);
}
