// Written by ts-proto from messages.proto; see contract.ts.

/* eslint-disable */
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";

export const protobufPackage = "testing.v1";

export const protobufFileName = "bench.proto";

/** One-way: 9 bytes, the smallest message that holds a number. */
export interface TickRequest {
  value: number;
}

export interface EchoRequest {
  value: number;
}

export interface EchoResponse {
  value: number;
}

export interface BurstRequest {
  count: number;
}

export interface ReadTallyRequest {
}

export interface ReadTallyResponse {
  count: number;
  sum: number;
}

export interface TickedRequest {
  value: number;
}

/** What somebody puts on a stream of plain gRPC who needs the same calls. */
export interface StreamEnvelope {
  /** Pairs a reply with its request; 0 for one-way messages. */
  id: number;
  content:
    | { $case: "tick"; value: TickRequest }
    | { $case: "echo"; value: EchoRequest }
    | { $case: "echoed"; value: EchoResponse }
    | { $case: "burst"; value: BurstRequest }
    | { $case: "readTally"; value: ReadTallyRequest }
    | { $case: "tally"; value: ReadTallyResponse }
    | { $case: "ticked"; value: TickedRequest }
    | undefined;
}

function createBaseTickRequest(): TickRequest {
  return { value: 0 };
}

export const TickRequest: MessageFns<TickRequest, "testing.v1.TickRequest"> = {
  $type: "testing.v1.TickRequest" as const,

  encode(message: TickRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.value !== 0) {
      writer.uint32(9).double(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): TickRequest {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error("protobuf decode recursion limit exceeded");
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseTickRequest();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 9) {
              break;
            }

            message.value = reader.double();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },

  create(base?: DeepPartial<TickRequest>): TickRequest {
    return TickRequest.fromPartial(base ?? {});
  },
  fromPartial(object: DeepPartial<TickRequest>): TickRequest {
    const message = createBaseTickRequest();
    message.value = object.value ?? 0;
    return message;
  },
};

function createBaseEchoRequest(): EchoRequest {
  return { value: 0 };
}

export const EchoRequest: MessageFns<EchoRequest, "testing.v1.EchoRequest"> = {
  $type: "testing.v1.EchoRequest" as const,

  encode(message: EchoRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.value !== 0) {
      writer.uint32(9).double(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): EchoRequest {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error("protobuf decode recursion limit exceeded");
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseEchoRequest();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 9) {
              break;
            }

            message.value = reader.double();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },

  create(base?: DeepPartial<EchoRequest>): EchoRequest {
    return EchoRequest.fromPartial(base ?? {});
  },
  fromPartial(object: DeepPartial<EchoRequest>): EchoRequest {
    const message = createBaseEchoRequest();
    message.value = object.value ?? 0;
    return message;
  },
};

function createBaseEchoResponse(): EchoResponse {
  return { value: 0 };
}

export const EchoResponse: MessageFns<EchoResponse, "testing.v1.EchoResponse"> = {
  $type: "testing.v1.EchoResponse" as const,

  encode(message: EchoResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.value !== 0) {
      writer.uint32(9).double(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): EchoResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error("protobuf decode recursion limit exceeded");
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseEchoResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 9) {
              break;
            }

            message.value = reader.double();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },

  create(base?: DeepPartial<EchoResponse>): EchoResponse {
    return EchoResponse.fromPartial(base ?? {});
  },
  fromPartial(object: DeepPartial<EchoResponse>): EchoResponse {
    const message = createBaseEchoResponse();
    message.value = object.value ?? 0;
    return message;
  },
};

function createBaseBurstRequest(): BurstRequest {
  return { count: 0 };
}

export const BurstRequest: MessageFns<BurstRequest, "testing.v1.BurstRequest"> = {
  $type: "testing.v1.BurstRequest" as const,

  encode(message: BurstRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.count !== 0) {
      writer.uint32(8).uint32(message.count);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): BurstRequest {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error("protobuf decode recursion limit exceeded");
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseBurstRequest();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 8) {
              break;
            }

            message.count = reader.uint32();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },

  create(base?: DeepPartial<BurstRequest>): BurstRequest {
    return BurstRequest.fromPartial(base ?? {});
  },
  fromPartial(object: DeepPartial<BurstRequest>): BurstRequest {
    const message = createBaseBurstRequest();
    message.count = object.count ?? 0;
    return message;
  },
};

function createBaseReadTallyRequest(): ReadTallyRequest {
  return {};
}

export const ReadTallyRequest: MessageFns<ReadTallyRequest, "testing.v1.ReadTallyRequest"> = {
  $type: "testing.v1.ReadTallyRequest" as const,

  encode(_: ReadTallyRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ReadTallyRequest {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error("protobuf decode recursion limit exceeded");
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseReadTallyRequest();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },

  create(base?: DeepPartial<ReadTallyRequest>): ReadTallyRequest {
    return ReadTallyRequest.fromPartial(base ?? {});
  },
  fromPartial(_: DeepPartial<ReadTallyRequest>): ReadTallyRequest {
    const message = createBaseReadTallyRequest();
    return message;
  },
};

function createBaseReadTallyResponse(): ReadTallyResponse {
  return { count: 0, sum: 0 };
}

export const ReadTallyResponse: MessageFns<ReadTallyResponse, "testing.v1.ReadTallyResponse"> = {
  $type: "testing.v1.ReadTallyResponse" as const,

  encode(message: ReadTallyResponse, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.count !== 0) {
      writer.uint32(8).uint32(message.count);
    }
    if (message.sum !== 0) {
      writer.uint32(17).double(message.sum);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): ReadTallyResponse {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error("protobuf decode recursion limit exceeded");
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseReadTallyResponse();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 8) {
              break;
            }

            message.count = reader.uint32();
            continue;
          }
          case 2: {
            if (tag !== 17) {
              break;
            }

            message.sum = reader.double();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },

  create(base?: DeepPartial<ReadTallyResponse>): ReadTallyResponse {
    return ReadTallyResponse.fromPartial(base ?? {});
  },
  fromPartial(object: DeepPartial<ReadTallyResponse>): ReadTallyResponse {
    const message = createBaseReadTallyResponse();
    message.count = object.count ?? 0;
    message.sum = object.sum ?? 0;
    return message;
  },
};

function createBaseTickedRequest(): TickedRequest {
  return { value: 0 };
}

export const TickedRequest: MessageFns<TickedRequest, "testing.v1.TickedRequest"> = {
  $type: "testing.v1.TickedRequest" as const,

  encode(message: TickedRequest, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.value !== 0) {
      writer.uint32(9).double(message.value);
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): TickedRequest {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error("protobuf decode recursion limit exceeded");
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseTickedRequest();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 9) {
              break;
            }

            message.value = reader.double();
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },

  create(base?: DeepPartial<TickedRequest>): TickedRequest {
    return TickedRequest.fromPartial(base ?? {});
  },
  fromPartial(object: DeepPartial<TickedRequest>): TickedRequest {
    const message = createBaseTickedRequest();
    message.value = object.value ?? 0;
    return message;
  },
};

function createBaseStreamEnvelope(): StreamEnvelope {
  return { id: 0, content: undefined };
}

export const StreamEnvelope: MessageFns<StreamEnvelope, "testing.v1.StreamEnvelope"> = {
  $type: "testing.v1.StreamEnvelope" as const,

  encode(message: StreamEnvelope, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.id !== 0) {
      writer.uint32(8).uint32(message.id);
    }
    switch (message.content?.$case) {
      case "tick":
        TickRequest.encode(message.content.value, writer.uint32(18).fork()).join();
        break;
      case "echo":
        EchoRequest.encode(message.content.value, writer.uint32(26).fork()).join();
        break;
      case "echoed":
        EchoResponse.encode(message.content.value, writer.uint32(34).fork()).join();
        break;
      case "burst":
        BurstRequest.encode(message.content.value, writer.uint32(42).fork()).join();
        break;
      case "readTally":
        ReadTallyRequest.encode(message.content.value, writer.uint32(50).fork()).join();
        break;
      case "tally":
        ReadTallyResponse.encode(message.content.value, writer.uint32(58).fork()).join();
        break;
      case "ticked":
        TickedRequest.encode(message.content.value, writer.uint32(66).fork()).join();
        break;
    }
    return writer;
  },

  decode(input: BinaryReader | Uint8Array, length?: number): StreamEnvelope {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const previousRecursionDepth = (reader as any).__tsProtoDecodeDepth ?? 0;
    if (previousRecursionDepth >= 100) {
      throw new globalThis.Error("protobuf decode recursion limit exceeded");
    }
    (reader as any).__tsProtoDecodeDepth = previousRecursionDepth + 1;
    try {
      const end = length === undefined ? reader.len : reader.pos + length;
      const message = createBaseStreamEnvelope();
      while (reader.pos < end) {
        const tag = reader.uint32();
        switch (tag >>> 3) {
          case 1: {
            if (tag !== 8) {
              break;
            }

            message.id = reader.uint32();
            continue;
          }
          case 2: {
            if (tag !== 18) {
              break;
            }

            message.content = { $case: "tick", value: TickRequest.decode(reader, reader.uint32()) };
            continue;
          }
          case 3: {
            if (tag !== 26) {
              break;
            }

            message.content = { $case: "echo", value: EchoRequest.decode(reader, reader.uint32()) };
            continue;
          }
          case 4: {
            if (tag !== 34) {
              break;
            }

            message.content = { $case: "echoed", value: EchoResponse.decode(reader, reader.uint32()) };
            continue;
          }
          case 5: {
            if (tag !== 42) {
              break;
            }

            message.content = { $case: "burst", value: BurstRequest.decode(reader, reader.uint32()) };
            continue;
          }
          case 6: {
            if (tag !== 50) {
              break;
            }

            message.content = { $case: "readTally", value: ReadTallyRequest.decode(reader, reader.uint32()) };
            continue;
          }
          case 7: {
            if (tag !== 58) {
              break;
            }

            message.content = { $case: "tally", value: ReadTallyResponse.decode(reader, reader.uint32()) };
            continue;
          }
          case 8: {
            if (tag !== 66) {
              break;
            }

            message.content = { $case: "ticked", value: TickedRequest.decode(reader, reader.uint32()) };
            continue;
          }
        }
        if ((tag & 7) === 4 || tag === 0) {
          break;
        }
        reader.skip(tag & 7);
      }
      return message;
    } finally {
      (reader as any).__tsProtoDecodeDepth = previousRecursionDepth;
    }
  },

  create(base?: DeepPartial<StreamEnvelope>): StreamEnvelope {
    return StreamEnvelope.fromPartial(base ?? {});
  },
  fromPartial(object: DeepPartial<StreamEnvelope>): StreamEnvelope {
    const message = createBaseStreamEnvelope();
    message.id = object.id ?? 0;
    switch (object.content?.$case) {
      case "tick": {
        if (object.content?.value !== undefined && object.content?.value !== null) {
          message.content = { $case: "tick", value: TickRequest.fromPartial(object.content.value) };
        }
        break;
      }
      case "echo": {
        if (object.content?.value !== undefined && object.content?.value !== null) {
          message.content = { $case: "echo", value: EchoRequest.fromPartial(object.content.value) };
        }
        break;
      }
      case "echoed": {
        if (object.content?.value !== undefined && object.content?.value !== null) {
          message.content = { $case: "echoed", value: EchoResponse.fromPartial(object.content.value) };
        }
        break;
      }
      case "burst": {
        if (object.content?.value !== undefined && object.content?.value !== null) {
          message.content = { $case: "burst", value: BurstRequest.fromPartial(object.content.value) };
        }
        break;
      }
      case "readTally": {
        if (object.content?.value !== undefined && object.content?.value !== null) {
          message.content = { $case: "readTally", value: ReadTallyRequest.fromPartial(object.content.value) };
        }
        break;
      }
      case "tally": {
        if (object.content?.value !== undefined && object.content?.value !== null) {
          message.content = { $case: "tally", value: ReadTallyResponse.fromPartial(object.content.value) };
        }
        break;
      }
      case "ticked": {
        if (object.content?.value !== undefined && object.content?.value !== null) {
          message.content = { $case: "ticked", value: TickedRequest.fromPartial(object.content.value) };
        }
        break;
      }
    }
    return message;
  },
};

type Builtin = Date | Function | Uint8Array | string | number | boolean | bigint | undefined;

export type DeepPartial<T> = T extends bigint ? string | number | bigint
  : T extends Builtin ? T : T extends globalThis.Array<infer U> ? globalThis.Array<DeepPartial<U>>
  : T extends ReadonlyArray<infer U> ? ReadonlyArray<DeepPartial<U>>
  : T extends { $case: string; value: unknown } ? { $case: T["$case"]; value?: DeepPartial<T["value"]> }
  : T extends {} ? { [K in keyof T]?: DeepPartial<T[K]> }
  : Partial<T>;

export interface MessageFns<T, V extends string> {
  readonly $type: V;
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
  decode(input: BinaryReader | Uint8Array, length?: number): T;
  create(base?: DeepPartial<T>): T;
  fromPartial(object: DeepPartial<T>): T;
}
