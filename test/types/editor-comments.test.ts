import { expect, test } from 'vitest';
import { openInEditor } from './support/editor.js';

const file = `import { connect, createHost } from 'grpc-duplex';
import { Calculator } from '../../examples/calculator/gen/calculator/v1/calculator_duplex.js';
declare const session: Calculator.Session;
const client = connect(/*contract*/Calculator, 'x', { handler: { /*callback handler*/equals() {} } });
client.service./*operation*/addTo({ /*field*/n: 1 });
session.callback./*callback*/equals({ result: 1 });
export const handler: Partial<Calculator.Handler> = { /*operation handler*/addTo() {} };
export class Service implements Pick<Calculator.Handler, 'addTo'> { /*method of a class*/addTo() {} }
client.callbacks.equals$.subscribe(({ /*field of a callback*/result }) => result);
`;

test('editors show the comments of the proto, wherever its methods and fields are used', () => {
  const commentAt = openInEditor(file);
  const shown = [...file.matchAll(/\/\*(.*?)\*\//g)].map(([mark, name]) => [name, commentAt(mark)]);
  expect(Object.fromEntries(shown)).toEqual({
    contract: 'Arithmetic over a session. Results come back on the callback contract.',
    operation: 'Adds a number to the result.',
    'operation handler': 'Adds a number to the result.',
    'method of a class': 'Adds a number to the result.',
    callback: 'The result after each operation.',
    'callback handler': 'The result after each operation.',
    field: 'The number.',
    'field of a callback': 'The result.',
  });
}, 60_000);
