/** One contract, or several, that show one thing: protos by import name, and the contracts' services. */
export interface Golden {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
}

const imports = 'import "duplex/v1/contract.proto"; import "google/protobuf/empty.proto";';

/** A golden of one file, in a package of its own. */
export function golden(name: string, body: string, more: Readonly<Record<string, string>> = {}): Golden {
  const file = `syntax = "proto3"; package ${packageOf(name)}; ${imports}\n${body}`;
  return { name, files: { [`golden/${snake(name)}/v1/${snake(name)}.proto`]: file, ...more } };
}

/** The package of a golden, for what another file of it declares. */
export function packageOf(name: string): string {
  return `golden.${snake(name)}.v1`;
}

/** A contract that sends one message to and fro, in both directions. */
export function carries(message: string, ...methods: readonly string[]): string {
  return `
    service DemoService {
      option (duplex.v1.contract).callback = "DemoCallbackService";
      rpc Send(${message}) returns (${message});
      ${methods.join('\n')}
    }
    service DemoCallbackService { rpc Told(${message}) returns (${message}); }`;
}

/** A contract of two-way operations and callbacks with the given names. */
export function named(operations: readonly string[], callbacks: readonly string[] = operations): string {
  const rpcs = (names: readonly string[]) => names.map((name) => `rpc ${name}(Note) returns (Note);`).join(' ');
  return `
    service DemoService { option (duplex.v1.contract).callback = "DemoCallbackService"; ${rpcs(operations)} }
    service DemoCallbackService { ${rpcs(callbacks)} }
    message Note { string text = 1; }`;
}

function snake(name: string): string {
  return name.replaceAll(' ', '_').replaceAll(/\W/g, '').toLowerCase();
}
