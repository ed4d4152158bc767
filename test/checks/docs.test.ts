import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8');

/** A fenced block under a comment that names the file in which the same text is tested. */
const quotes = /<!-- (\S+) -->\n```\w+\n([\s\S]*?)\n```/g;

describe('docs/polyglot.md', () => {
  const quoted = [...read('docs/polyglot.md').matchAll(quotes)].map(([, file = '', text = '']) => ({ file, text }));

  it('has a program for each language', () => {
    const languages = quoted.map(({ file }) => file.split('/')[3]);
    expect(new Set(languages)).toEqual(new Set(['python', 'go', 'java', 'rust', 'c++']));
  });

  it.each(quoted)('shows $file as it is tested', ({ file, text }) => {
    expect(text).toBe(read(file).trimEnd());
  });
});

const written = (text: string): number => text.split('\n').filter((line) => line.trim() !== '').length;

describe('the README', () => {
  it('has contract, service and client in forty lines', () => {
    const files = [...read('README.md').matchAll(/`[\w./-]+\.(?:proto|ts)`:\n\n```\w+\n([\s\S]*?)```/g)];
    expect(files.length).toBe(3);
    expect(written(files.map(([, text]) => text).join(''))).toBeLessThanOrEqual(40);
  });

  it('has the Python client in ten lines or fewer', () => {
    const [, python = ''] = /```python\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
    expect(python).toContain('Connect(');
    expect(written(python)).toBeLessThanOrEqual(10);
  });
});
