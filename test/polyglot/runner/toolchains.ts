import type { Code } from 'grpc-duplex';

/** A language in which the service is called. Its programs are in the folder `clients/<name>`. */
export interface Language {
  readonly name: string;
  /** What must be there, each a command that says its version; and the Debian packages that bring it. */
  readonly needs: readonly Tool[];
  /** How its programs are started, from the folder in which `build.sh` built them: `quickstart`, `client` and more. */
  readonly run: (program: string) => readonly [command: string, ...args: string[]];
  /** Programs beside the two that every language has: a client at the session level, a service. */
  readonly extras?: readonly ('load' | 'service' | 'reflection')[];
  /** What else than UNAVAILABLE its library says of a connection that breaks, or is refused. */
  readonly brokenAs?: readonly (keyof typeof Code)[];
}

/** One command that a build needs. */
export interface Tool {
  readonly probe: string;
  readonly packages: readonly string[];
}

const cxx: Tool = { probe: 'g++ --version', packages: ['g++'] };

/** Every language, in the order of the table's columns. */
export const languages: readonly Language[] = [
  {
    name: 'python',
    needs: [{ probe: 'python3 -m ensurepip --version', packages: ['python3', 'python3-venv'] }],
    run: (program) => ['.venv/bin/python', `${program}.py`],
    extras: ['load', 'reflection'],
  },
  {
    name: 'go',
    // From 1.21 on Go fetches the version that go.mod asks for.
    needs: [{ probe: 'go version', packages: ['golang-go'] }],
    run: (program) => [`bin/${program}`],
    extras: ['load', 'service'],
  },
  {
    name: 'java',
    needs: [
      { probe: 'javac --version', packages: ['default-jdk-headless'] },
      { probe: 'mvn --version', packages: ['maven'] },
    ],
    run: (program) => ['java', '-cp', 'target/classes:target/lib/*', `${program[0]?.toUpperCase()}${program.slice(1)}`],
  },
  {
    name: 'rust',
    needs: [{ probe: 'cargo --version', packages: ['cargo-web', 'rustc-web'] }, cxx],
    run: (program) => [`target/debug/${program}`],
    // The second one where the service breaks the connection just as the stream is opened.
    brokenAs: ['UNKNOWN', 'CANCELLED'],
  },
  {
    name: 'c++',
    needs: [
      cxx,
      { probe: 'cmake --version', packages: ['cmake', 'make'] },
      { probe: 'protoc --version', packages: ['protobuf-compiler'] },
      { probe: 'which grpc_cpp_plugin', packages: ['protobuf-compiler-grpc'] },
      { probe: 'pkg-config --exists grpc++', packages: ['pkg-config', 'libgrpc++-dev', 'libprotobuf-dev'] },
    ],
    run: (program) => [`build/${program}`],
  },
];
