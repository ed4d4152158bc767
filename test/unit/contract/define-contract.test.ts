import { describe, expect, it } from 'vitest';
import { defineContract } from '../../../src/contract/define-contract.js';
import { Ping } from '../../../src/gen/duplex/v1/session.js';

const tell = { name: 'Tell', number: 100, shape: 'one-way', request: Ping } as const;
const named = { name: 'a.AService', wireName: 'a.ADuplexService' };

describe('a contract', () => {
  it('knows its methods by the names of their members', () => {
    const { operations } = defineContract({ ...named, operations: { tell, ask: { ...tell, number: 101 } } });
    expect(operations.map(({ localName, number }) => [localName, number])).toEqual([
      ['tell', 100],
      ['ask', 101],
    ]);
  });

  it('has methods that start a session, do not end it, and lose nothing, unless they say otherwise', () => {
    const [method] = defineContract({ ...named, operations: { tell } }).operations;
    expect(method).toMatchObject({
      initiating: true,
      terminating: false,
      idempotent: false,
      delivery: 'reliable',
      faults: [],
    });
    const said = { initiating: false, terminating: true, idempotent: true, delivery: 'latest' } as const;
    expect(defineContract({ ...named, operations: { tell: { ...tell, ...said } } }).operations[0]).toMatchObject(said);
  });

  it('needs a session as soon as it has callbacks or a state', () => {
    expect(defineContract({ ...named, operations: { tell } }).session).toBe('allowed');
    expect(defineContract({ ...named, operations: { tell }, callbacks: { tell } }).session).toBe('required');
    expect(defineContract({ ...named, operations: { tell }, state: Ping }).session).toBe('required');
    expect(defineContract({ ...named, operations: { tell }, session: 'required' }).session).toBe('required');
  });

  it('cannot be changed once it is made', () => {
    const contract = defineContract({ ...named, operations: { tell } });
    for (const part of [contract, contract.operations, contract.operations[0]]) expect(part).toSatisfy(Object.isFrozen);
  });
});
