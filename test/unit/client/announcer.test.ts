import { describe, expect, it } from 'vitest';
import { Announcer } from '../../../src/client/announcer.js';
import { record } from '../../support/observe.js';

describe('what is announced', () => {
  it('is heard in the same order by all, whatever one of them causes meanwhile', () => {
    const announcer = new Announcer<number>();
    announcer.value$.subscribe((value) => {
      if (value < 3) announcer.next(value + 1);
      if (value === 3) announcer.complete();
    });
    const seen = record(announcer.value$);
    announcer.next(1);
    expect(seen).toEqual([1, 2, 3, 'complete']);
  });

  it('is heard by who causes the next with the first that it hears', () => {
    const announcer = new Announcer<number>();
    announcer.next(1);
    const seen: number[] = [];
    announcer.value$.subscribe((value) => {
      seen.push(value);
      if (value === 1) announcer.next(2);
    });
    expect(seen).toEqual([1, 2]);
  });

  it('is told to who comes later: the last of it, and the end', () => {
    const announcer = new Announcer<number>();
    announcer.next(1);
    announcer.next(2);
    expect(record(announcer.value$)).toEqual([2]);
    announcer.complete();
    announcer.next(3);
    expect(record(announcer.value$)).toEqual([2, 'complete']);
  });
});
