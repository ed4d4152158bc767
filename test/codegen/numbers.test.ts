import { describe, expect, test } from 'vitest';
import { runOn, wireProtoOf } from './support/run.js';

const wirePath = 'demo_duplex.proto';

/** A contract with the given operations and callbacks, each an rpc without its types; all take and return `Note`. */
function contract(operations: readonly string[], callbacks: readonly string[] = ['Told']): string {
  const rpc = (text: string) => {
    const [name = '', option] = text.split(' ');
    const body = option === undefined ? ';' : `{ option (duplex.v1.operation) = { ${option} }; }`;
    return `rpc ${name}(Note) returns (${option?.startsWith('one_way') ? 'google.protobuf.Empty' : 'Note'}) ${body}`;
  };
  return `service DemoService {
      option (duplex.v1.contract).callback = "DemoCallbackService";
      ${operations.map(rpc).join('\n')}
    }
    service DemoCallbackService { ${callbacks.map(rpc).join('\n')} }
    message Note {} message Other {}`;
}

/** Arms and reservations of an envelope, in one line each. */
function arms(wireProto: string, side: 'Client' | 'Server'): readonly string[] {
  const body = wireProto.split(`message Demo${side}Envelope {`)[1]?.split('\n}\n')[0] ?? '';
  return [...body.matchAll(/\w+ = [1-9]\d\d+|reserved .*(?=;)/g)].map(([text]) => text);
}

/** The wire proto after each of several versions of a contract, every one generated over the one before. */
async function evolve(...versions: readonly string[]): Promise<string> {
  let text: string | undefined;
  for (const version of versions) {
    text = await wireProtoOf(version, text === undefined ? new Map() : new Map([[wirePath, text]]));
  }
  return text ?? '';
}

async function findingsAfter(record: string, next: string): Promise<readonly string[]> {
  const { findings } = await runOn(next, new Map([[wirePath, record]]));
  return findings.map((finding) => finding.split('  ')[1] ?? '');
}

describe('numbers', () => {
  test('start at 100, operations first, and are the same for a request and its answer', async () => {
    const text = await evolve(contract(['Add', 'Clear one_way:true'], ['Told', 'Asked']));
    expect(arms(text, 'Client')).toEqual(['add = 100', 'clear = 101', 'told_response = 102', 'asked_response = 103']);
    expect(arms(text, 'Server')).toEqual(['add_response = 100', 'told = 102', 'asked = 103']);
  });

  test('of a new method are the next free ones, wherever it is declared', async () => {
    const text = await evolve(contract(['Add', 'Clear']), contract(['New', 'Add', 'Clear']));
    expect(arms(text, 'Client')).toEqual(['add = 100', 'clear = 101', 'told_response = 102', 'new = 103']);
  });

  test('do not change when methods change places, and neither does the wire proto', async () => {
    const before = await evolve(contract(['Add', 'Clear'], ['Told', 'Asked']));
    const after = await evolve(
      contract(['Add', 'Clear'], ['Told', 'Asked']),
      contract(['Clear', 'Add'], ['Asked', 'Told']),
    );
    expect(after).toBe(before);
  });

  test('of a removed method stay reserved in both envelopes, its names where they were', async () => {
    const text = await evolve(contract(['Add', 'Clear', 'Undo']), contract(['Add', 'Undo']));
    expect(arms(text, 'Client')).toEqual([
      'reserved 101',
      'reserved "clear"',
      'add = 100',
      'undo = 102',
      'told_response = 103',
    ]);
    expect(arms(text, 'Server')).toEqual([
      'reserved 101',
      'reserved "clear_response"',
      'add_response = 100',
      'undo_response = 102',
      'told = 103',
    ]);
  });

  test('that are reserved are never given again, also not after many removals', async () => {
    const text = await evolve(
      contract(['Add', 'B', 'C', 'D']),
      contract(['Add']),
      contract(['Add', 'E']),
      contract(['Add', 'F']),
    );
    expect(arms(text, 'Client')).toEqual([
      'reserved 101 to 103, 105',
      'reserved "b", "c", "d", "e"',
      'add = 100',
      'told_response = 104',
      'f = 106',
    ]);
  });

  test('of a method that is renamed are new ones, unless it asks for its old one', async () => {
    const renamed = await evolve(contract(['Add', 'Clear']), contract(['Add', 'Reset']));
    expect(arms(renamed, 'Client')).toContain('reset = 103');
    const kept = await evolve(contract(['Add', 'Clear']), contract(['Add', 'Reset number:101']));
    expect(arms(kept, 'Client')).toEqual(['reserved "clear"', 'add = 100', 'reset = 101', 'told_response = 102']);
  });

  test('that a method asks for win, and its old one is reserved', async () => {
    const text = await evolve(contract(['Add', 'Clear']), contract(['Add number:500', 'Clear', 'New']));
    expect(arms(text, 'Client')).toEqual([
      'reserved 100',
      'clear = 101',
      'told_response = 102',
      'new = 103',
      'add = 500',
    ]);
  });

  test('stay when a method becomes one-way and two-way again', async () => {
    const oneWay = await evolve(contract(['Add', 'B']), contract(['Add one_way:true', 'B']));
    expect(arms(oneWay, 'Client')).toContain('add = 100');
    expect(arms(oneWay, 'Server')).toEqual([
      'reserved 100',
      'reserved "add_response"',
      'b_response = 101',
      'told = 102',
    ]);
    const twoWay = await evolve(contract(['Add one_way:true']), contract(['Add']), contract(['Add one_way:true']));
    expect(await findingsAfter(twoWay, contract(['Add']))).toEqual([]);
    const again = await evolve(contract(['Add']), contract(['Add one_way:true']), contract(['Add']));
    expect(arms(again, 'Server')).toEqual(['add_response = 100', 'told = 101']);
  });

  test('of a method that moves to the other side are new ones', async () => {
    const text = await evolve(contract(['Add', 'Clear']), contract(['Add'], ['Told', 'Clear']));
    expect(arms(text, 'Server')).toEqual([
      'reserved 101',
      'reserved "clear_response"',
      'add_response = 100',
      'told = 102',
      'clear = 103',
    ]);
  });

  test('are looked up where the options say that wire protos are', async () => {
    const present = new Map([
      ['lib/wire/demo_duplex.proto', await evolve(contract(['Add', 'Clear']), contract(['Add']))],
    ]);
    const { files } = await runOn(contract(['Add', 'New']), present, 'out=lib,wire_out=wire,ts_out=src');
    expect([...files.keys()]).toEqual(['wire/demo_duplex.proto', 'src/demo_duplex.ts']);
    expect(arms(files.get('wire/demo_duplex.proto') ?? '', 'Client')).toContain('new = 103');
  });

  test('skip what protobuf keeps for itself', async () => {
    const record = await evolve(contract(['Add']));
    const crowded = record.replaceAll('  uint64 seq = 1;', '  reserved 102 to 18999;\n  uint64 seq = 1;');
    const text = await wireProtoOf(contract(['Add', 'New']), new Map([[wirePath, crowded]]));
    expect(arms(text, 'Client')).toContain('new = 20000');
  });

  test('and reservations that people wrote by hand are kept', async () => {
    const record = await evolve(contract(['Add']));
    const edited = record.replace('  uint64 seq = 1;', '  reserved 200 to 299, 536870000 to max;\n  uint64 seq = 1;');
    const text = await wireProtoOf(contract(['Add']), new Map([[wirePath, edited]]));
    expect(arms(text, 'Client')[0]).toBe('reserved 200 to 299, 536870000 to max');
  });
});

describe('generation refuses', () => {
  test('a number that is reserved', async () => {
    const record = await evolve(contract(['Add', 'Clear']), contract(['Add']));
    expect(await findingsAfter(record, contract(['Add', 'New number:101']))).toEqual(['number-reused']);
  });

  test('the number of a method that is removed, for one with other messages', async () => {
    const record = await evolve(contract(['Add', 'Clear']));
    const next = contract(['Add', 'Reset number:101']).replace('Reset(Note)', 'Reset(Other)');
    expect(await findingsAfter(record, next)).toEqual(['number-reused']);
  });

  test('the number that another method has left', async () => {
    const record = await evolve(contract(['Add', 'Clear']));
    const findings = await findingsAfter(record, contract(['Add number:500', 'Clear', 'New number:100']));
    expect(findings).toEqual(['number-reused']);
  });

  test('the number that another method has in the record', async () => {
    const record = await evolve(contract(['Add', 'Clear']));
    expect(await findingsAfter(record, contract(['Add', 'Clear', 'New number:101']))).toEqual(['number-twice']);
  });

  test('the name of a method that was removed', async () => {
    const record = await evolve(contract(['Add', 'Clear']), contract(['Add']));
    expect(await findingsAfter(record, contract(['Add', 'Clear']))).toEqual(['name-reused']);
  });

  test('an answer with the name of an operation that is removed', async () => {
    const record = await evolve(contract(['Add', 'AskedResponse one_way:true']));
    expect(await findingsAfter(record, contract(['Add'], ['Told', 'Asked']))).toEqual(['name-reused']);
  });

  test('to number anew when the record is gone but the TypeScript is there', async () => {
    const { files } = await runOn(contract(['Add']));
    const typescript = new Map([['demo_duplex.ts', files.get('demo_duplex.ts') ?? '']]);
    const { findings } = await runOn(contract(['Add']), typescript);
    expect(findings).toEqual([
      'demo.proto:5:1  number-record-missing  demo_duplex.proto records the numbers of DemoService and is gone, but its TypeScript is there.  Restore it from version control; if nothing was ever released, delete the TypeScript too.',
    ]);
  });

  test('a record with the marks of a merge', async () => {
    const record = await evolve(contract(['Add']));
    const merging = `${record}<<<<<<< ours\n=======\n>>>>>>> theirs\n`;
    const { findings } = await runOn(contract(['Add']), new Map([[wirePath, merging]]));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^demo_duplex\.proto:\d+:1 {2}number-record-broken {2}/);
  });

  test('a record in which two branches took one number, and gives the deleted one a new number', async () => {
    const record = await evolve(contract(['Add']));
    const merged = record
      .replace('    Note add = 100;', '    Note add = 100;\n    Note ours = 102;\n    Note theirs = 102;')
      .replace('    Note add_response = 100;', '    Note add_response = 100;\n    Note ours_response = 102;');
    const next = contract(['Add', 'Ours', 'Theirs']);
    const { findings } = await runOn(next, new Map([[wirePath, merged]]));
    expect(findings.map((finding) => finding.split('  ').slice(1, 3))).toContainEqual([
      'number-record-broken',
      '"theirs" and "ours" both have number 102.',
    ]);
    const mended = merged.replace('    Note theirs = 102;\n', '');
    expect(arms(await wireProtoOf(next, new Map([[wirePath, mended]])), 'Client')).toEqual([
      'add = 100',
      'told_response = 101',
      'ours = 102',
      'theirs = 103',
    ]);
  });
});
