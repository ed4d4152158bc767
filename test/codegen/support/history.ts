import { clone, create, createFileRegistry, setExtension } from '@bufbuild/protobuf';
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  FileDescriptorSetSchema,
  type MethodDescriptorProto,
  MethodDescriptorProtoSchema,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { compile, proto } from './compile.js';

/** One method of a version. */
export interface VersionedMethod {
  readonly name: string;
  readonly side: 'operation' | 'callback';
  readonly oneWay: boolean;
  /** The name whose number it took over. */
  readonly renamedFrom?: string;
}

/** What happens to a contract between two versions; `at` chooses where. */
export interface Edit {
  readonly kind: 'add operation' | 'add callback' | 'remove' | 'move' | 'toggle one-way' | 'rename';
  readonly at: number;
}

const kinds = ['add operation', 'add callback', 'remove', 'move', 'toggle one-way', 'rename'] as const;

/** Some edits. */
export const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds), at: fc.nat(1000) }),
  { minLength: 1, maxLength: 4 },
);

/** What every history starts with. */
export const firstVersion: readonly VersionedMethod[] = [
  { name: 'M0', side: 'operation', oneWay: false },
  { name: 'M1', side: 'operation', oneWay: true },
  { name: 'M2', side: 'callback', oneWay: false },
  { name: 'M3', side: 'callback', oneWay: true },
];

/** Applies an edit. Names come from `fresh`, which gives each only once; a side never becomes empty. */
export function applyEdit(
  version: readonly VersionedMethod[],
  { kind, at }: Edit,
  fresh: () => string,
): readonly VersionedMethod[] {
  const index = at % version.length;
  const chosen = version[index];
  if (chosen === undefined) return version;
  const others = version.toSpliced(index, 1);
  switch (kind) {
    case 'add operation':
      return version.toSpliced(index, 0, { name: fresh(), side: 'operation', oneWay: at % 2 === 0 });
    case 'add callback':
      return version.toSpliced(index, 0, { name: fresh(), side: 'callback', oneWay: at % 2 === 0 });
    case 'remove':
      return others.some(({ side }) => side === chosen.side) ? others : version;
    case 'move':
      return others.toSpliced((at * 7) % version.length, 0, chosen);
    case 'toggle one-way':
      return version.with(index, { ...chosen, oneWay: !chosen.oneWay });
    case 'rename':
      return version.with(index, { ...chosen, name: fresh(), renamedFrom: chosen.name });
  }
}

/** Makes the compiler's request for versions of one contract, without the compiler: it runs once, here. */
export function createVersions(): (
  version: readonly VersionedMethod[],
  numberOf: (name: string) => number | undefined,
) => CodeGeneratorRequest {
  const all = compile({
    'demo.proto': proto(`
      service DemoService { option (duplex.v1.contract).callback = "DemoCallbackService"; rpc M(Note) returns (google.protobuf.Empty); }
      service DemoCallbackService { rpc M(Note) returns (google.protobuf.Empty); }
      message Note { string text = 1; }`),
  });
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: all.protoFile }));
  const option = registry.getExtension('duplex.v1.operation');
  const optionType = option?.message;
  if (option === undefined || optionType === undefined) throw new Error('no options');

  return (version, numberOf) => {
    const request = clone(CodeGeneratorRequestSchema, all);
    const services = request.protoFile.find(({ name }) => name === 'demo.proto')?.service ?? [];
    for (const service of services) {
      const side = service.name === 'DemoService' ? 'operation' : 'callback';
      const [template] = service.method;
      if (template !== undefined)
        service.method = version.filter((m) => m.side === side).map((m) => method(template, m));
    }
    return request;

    function method(template: MethodDescriptorProto, { name, oneWay, renamedFrom }: VersionedMethod) {
      const number = renamedFrom === undefined ? undefined : (numberOf(name) ?? numberOf(renamedFrom));
      const options = create(MethodOptionsSchema);
      if (option === undefined || optionType === undefined) throw new Error('no options');
      const value = create(optionType, { oneWay, ...(number !== undefined && { number }) } as Record<string, unknown>);
      setExtension(options, option, value);
      const outputType = oneWay ? template.outputType : template.inputType;
      return create(MethodDescriptorProtoSchema, { ...template, name, outputType, options });
    }
  };
}
