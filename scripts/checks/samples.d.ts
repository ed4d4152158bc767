// What samples in the documentation take for granted: a contract, and the application around it.
import type { readFile as read } from 'node:fs/promises';
import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type * as duplex from 'grpc-duplex';
import type * as testing from 'grpc-duplex/testing';
import type * as calculator from '../../examples/calculator/gen/calculator/v1/calculator_duplex.js';
import type * as chat from '../../examples/chat/gen/chat/v1/chat_duplex.js';
import type * as load from '../../src/load.js';

declare global {
  const address: string;
  const Calculator: typeof calculator.Calculator;
  const createCalculator: (session: calculator.Calculator.Session) => calculator.Calculator.Handler;
  const CalculatorService: new (session: calculator.Calculator.Session) => calculator.Calculator.Handler;
  const Chat: typeof chat.Chat;
  const createChat: (session: chat.Chat.Session) => chat.Chat.Handler;
  const session: chat.Chat.Session;
  const room: duplex.Group<chat.Chat.Callbacks, chat.Chat.State>;
  const TooMuch: duplex.MessageCodec<{ readonly by: number }>;
  const Code: typeof duplex.Code;
  const Fault: typeof duplex.Fault;
  const connect: typeof duplex.connect;
  const createHost: typeof duplex.createHost;
  const loadContract: typeof load.loadContract;
  const testLink: typeof testing.testLink;
  const host: duplex.Host;
  const GreeterDefinition: ServiceDefinition;
  const greeter: UntypedServiceImplementation;
  const readFile: typeof read;
  function ask(text: string, signal: AbortSignal): Promise<boolean>;
  function save(text: string): Promise<void>;
  function freshToken(): Promise<string>;
  function verify(
    token: string | undefined,
  ): Promise<{ readonly sub: string; readonly roles: readonly string[]; readonly exp: number } | undefined>;
  /** What TLS needs, in PEM. */
  const authorities: Buffer;
  const certificate: Buffer;
  const key: Buffer;
}
