import { map } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { CallbackHub } from '../../../../src/client/callbacks/callback-hub.js';
import { callbackCall, callbacks, told, warned } from '../../../support/two-callbacks.js';

/** One subscriber: when it listens, and what it gets. */
interface Row {
  readonly to: 'told$' | 'callback$';
  readonly listens: string;
  readonly gets: string;
}

/**
 * What the service sends, a small letter by one callback and a capital one by
 * the other, and what each subscriber gets of it. The end ends the session.
 */
function check(sent: string, rows: readonly Row[]): void {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(({ hot, expectObservable }) => {
    const hub = new CallbackHub(callbacks, () => {});
    const call = callbackCall();
    const observables = {
      told$: hub.observe(told, () => {}),
      callback$: hub.observeAll(() => {}).pipe(map(({ request }) => request)),
    };
    hot(sent).subscribe({
      next: (letter) => void hub.next(letter === letter.toLowerCase() ? told : warned, letter, call),
      complete: () => hub.complete(),
    });
    for (const { to, listens, gets } of rows) expectObservable(observables[to], listens).toBe(gets);
  });
}

describe('callbacks, in marbles', () => {
  it('give who comes first what came before, and who comes later what comes later', () =>
    check('ab-------c--d-|', [
      { to: 'told$', listens: '--^', gets: '--(ab)---c--d-|' },
      { to: 'told$', listens: '----------^', gets: '------------d-|' },
    ]));

  it('are held one by one: who claims one leaves the others for who claims them', () =>
    check('aBc------d-E--|', [
      { to: 'told$', listens: '---^', gets: '---(ac)--d----|' },
      { to: 'callback$', listens: '----^', gets: '----B----d-E--|' },
    ]));

  it('keep their order across kinds for who wants all, whatever was held', () =>
    check('aBc-------D-e-|', [{ to: 'callback$', listens: '---^', gets: '---(aBc)--D-e-|' }]));

  it('stop for who leaves, and go on for the others', () =>
    check('a--b--c--d--|', [
      { to: 'told$', listens: '-^---!', gets: '-a-b---------' },
      { to: 'told$', listens: '--^', gets: '---b--c--d--|' },
    ]));

  it('that nobody wants any more are not held again', () =>
    check('a--b--c--d--|', [
      { to: 'told$', listens: '-^---!', gets: '-a-b' },
      { to: 'told$', listens: '-------^', gets: '---------d--|' },
    ]));

  it('complete for who comes after the end, once what was held is delivered', () =>
    check('ab--|', [
      { to: 'told$', listens: '------^', gets: '------(ab|)' },
      { to: 'told$', listens: '-------^', gets: '-------|' },
    ]));
});
