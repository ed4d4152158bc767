import { describe, expect, it } from 'vitest';
import { ResumeTokens } from '../../../../src/server/security/resume-tokens.js';

describe('the tokens of a session', () => {
  it('are 32 bytes, and never the same', () => {
    const tokens = new ResumeTokens();
    const [first, second] = [tokens.issue(), tokens.issue()];
    expect(first).toHaveLength(32);
    expect(second).not.toEqual(first);
  });

  it('are valid for who has them, and for nobody else', () => {
    const tokens = new ResumeTokens();
    expect(tokens.accepts(new Uint8Array(32))).toBe(false);
    const token = tokens.issue();
    expect(tokens.accepts(token)).toBe(true);
    expect(tokens.accepts(new Uint8Array(32))).toBe(false);
    expect(tokens.accepts(new Uint8Array(0))).toBe(false);
    expect(new ResumeTokens().accepts(token)).toBe(false);
  });

  it('leave the last one valid that the client has, for the Welcome with the next one may be lost', () => {
    const tokens = new ResumeTokens();
    const first = tokens.issue();
    tokens.confirm();
    tokens.issue();
    const third = tokens.issue();
    expect(tokens.accepts(first)).toBe(true);
    expect(tokens.accepts(third)).toBe(true);
  });

  it('are no longer valid once the client has a newer one: a stolen one is worth nothing', () => {
    const tokens = new ResumeTokens();
    const first = tokens.issue();
    tokens.confirm();
    const second = tokens.issue();
    tokens.confirm();
    expect(tokens.accepts(first)).toBe(false);
    expect(tokens.accepts(second)).toBe(true);
  });

  it('are confirmed by a client that shows them, even if what it said next was lost', () => {
    const tokens = new ResumeTokens();
    const first = tokens.issue();
    tokens.confirm();
    const second = tokens.issue();
    expect(tokens.accepts(second)).toBe(true);
    tokens.issue();
    expect(tokens.accepts(second)).toBe(true);
    expect(tokens.accepts(first)).toBe(false);
  });
});
