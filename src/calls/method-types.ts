import type { ObservableInput } from 'rxjs';
import type { BothStreams, OneWay, ReplyStream, RequestReply, RequestStream } from '../contract/contract.js';
import type { Init } from '../contract/message-codec.js';
import type { CallOptions, OneWayOptions } from './outgoing/call-options.js';
import type { Sent } from './outgoing/sent.js';
import type { MessageStream } from './streams/message-stream.js';

/** The caller's side of one method. Empty requests may be left out. */
export type Invoke<Method> =
  Method extends OneWay<infer Request>
    ? (request?: Init<Request>, options?: OneWayOptions) => Sent
    : Method extends RequestReply<infer Request, infer Reply>
      ? (request?: Init<Request>, options?: CallOptions) => Promise<Reply>
      : Method extends ReplyStream<infer Request, infer Reply>
        ? (request?: Init<Request>, options?: CallOptions) => MessageStream<Reply>
        : Method extends RequestStream<infer Request, infer Reply>
          ? (requests: ObservableInput<Init<Request>>, options?: CallOptions) => Promise<Reply>
          : Method extends BothStreams<infer Request, infer Reply>
            ? (requests: ObservableInput<Init<Request>>, options?: CallOptions) => MessageStream<Reply>
            : never;

/** The answering side of one method; `Context` is its second argument. */
export type Handle<Method, Context> =
  Method extends OneWay<infer Request>
    ? (request: Request, call: Context) => void | PromiseLike<void>
    : Method extends RequestReply<infer Request, infer Reply>
      ? (request: Request, call: Context) => Init<Reply> | PromiseLike<Init<Reply>>
      : Method extends ReplyStream<infer Request, infer Reply>
        ? (request: Request, call: Context) => ObservableInput<Init<Reply>>
        : Method extends RequestStream<infer Request, infer Reply>
          ? (requests: MessageStream<Request>, call: Context) => Init<Reply> | PromiseLike<Init<Reply>>
          : Method extends BothStreams<infer Request, infer Reply>
            ? (requests: MessageStream<Request>, call: Context) => ObservableInput<Init<Reply>>
            : never;

/** A proxy: calling a member calls the peer. */
export type MethodProxy<Methods> = { readonly [Name in keyof Methods]: Invoke<Methods[Name]> };

/** A handler for every method of a map. */
export type Handlers<Methods, Context> = { [Name in keyof Methods]: Handle<Methods[Name], Context> };
