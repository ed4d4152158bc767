import type { DeepReadonly, Init, MessageCodec } from '../contract/message-codec.js';
import { Code, DuplexError } from '../errors.js';

/** The state that the service keeps for one session; every change reaches the client. */
export interface SessionState<State> {
  readonly value: DeepReadonly<State>;
  /** Replaces the state; fields left out have their defaults. */
  set(state: Init<State>): DeepReadonly<State>;
  /** Replaces the fields that `change` returns and keeps the others. Returns the new state. */
  update(change: (state: DeepReadonly<State>) => Init<State>): DeepReadonly<State>;
}

/** A session's state; `publish` hears of every change and may throw to refuse it. */
export function sessionState<State>(
  codec: MessageCodec | undefined,
  initial: Init<State> | undefined,
  publish: (state: State, codec: MessageCodec<State>) => void,
): SessionState<State> {
  if (codec === undefined) return noState;
  const typed = codec as MessageCodec<State>;
  return new ReplicatedState(typed, initial ?? ({} as Init<State>), (state) => publish(state, typed));
}

function refuse(): never {
  throw new DuplexError('fault', 'the contract declares no state: name a message in (duplex.v1.contract).state', {
    code: Code.FAILED_PRECONDITION,
  });
}

const noState: SessionState<never> = {
  get value() {
    return refuse();
  },
  set: refuse,
  update: refuse,
};

class ReplicatedState<State> implements SessionState<State> {
  #value: State;
  readonly #codec: MessageCodec<State>;
  readonly #publish: (state: State) => void;

  constructor(codec: MessageCodec<State>, initial: Init<State>, publish: (state: State) => void) {
    this.#codec = codec;
    this.#value = codec.fromPartial(initial as object);
    this.#publish = publish;
  }

  get value(): DeepReadonly<State> {
    return this.#value as DeepReadonly<State>;
  }

  set(state: Init<State>): DeepReadonly<State> {
    const next = this.#codec.fromPartial(state as object);
    this.#publish(next);
    this.#value = next;
    return this.value;
  }

  update(change: (state: DeepReadonly<State>) => Init<State>): DeepReadonly<State> {
    return this.set({ ...this.#value, ...(change(this.value) as object) } as Init<State>);
  }
}
