import { describe, expect, it } from 'vitest';
import { ScriptProcess } from '../support/processes.js';

const program = 'src/cli/duplex.ts';

describe('duplex', () => {
  it('says what it can do, and can do all of it', async () => {
    const duplex = new ScriptProcess(program);
    expect(await duplex.exited).toBe(0);
    const commands = duplex.lines.flatMap((line) => /^ {2}([a-z]+) {2,}\S/.exec(line)?.[1] ?? []);
    expect(commands).toEqual(['generate', 'check']);
    for (const command of commands) {
      const help = new ScriptProcess(program, [command, '--help']);
      expect(await help.exited, help.errors).toBe(0);
      expect(help.lines.join('\n')).toContain(`duplex ${command}`);
    }
  });

  it('refuses a command that there is not, and says which there are', async () => {
    const duplex = new ScriptProcess(program, ['genrate']);
    expect(await duplex.exited).toBe(2);
    expect(duplex.errors).toContain('no such command: genrate');
    expect(duplex.errors).toContain('generate');
  });
});
