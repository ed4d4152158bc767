import type { DescFile } from '@bufbuild/protobuf';
import type { MethodShape } from '../../contract/contract.js';
import { encodeContractFiles } from '../descriptors/contract-files.js';
import type { TsProtoNames } from '../messages/ts-proto-names.js';
import type { MethodModel } from '../model/contract-model.js';
import { commentOf } from '../source/source-element.js';
import { generatedMark, indent, type Lines, separate, toText } from './text.js';
import { printDocComment } from './ts-comment.js';
import { printDefinition } from './ts-definition.js';
import { createScope, descriptorsName, type TypeScriptScope } from './ts-scope.js';
import type { NumberedContract } from './wire-proto.js';

/** The type that stands for a method of each shape. */
const shapeTypes: Readonly<Record<MethodShape, string>> = {
  'one-way': 'OneWay',
  'request-reply': 'RequestReply',
  'reply-stream': 'ReplyStream',
  'request-stream': 'RequestStream',
  'both-streams': 'BothStreams',
};

/**
 * The typed contracts of a file: for each a constant and a namespace of types
 * of one name. The types are declared, never inferred, so the file survives
 * type stripping and isolated declarations.
 */
export function printTypeScript(
  path: string,
  file: DescFile,
  contracts: readonly NumberedContract[],
  runtime: string,
  names: TsProtoNames,
): string {
  const models = contracts.map(({ contract }) => contract);
  const scope = createScope(path, models, runtime, names);
  const body = contracts.flatMap((contract) => [printConstant(contract, scope), printNamespace(contract, scope)]);
  return toText(
    separate([
      [generatedMark, `// source: ${file.proto.name}`],
      ['/* eslint-disable */', scope.imports.print()],
      ...body,
      printDescriptors(encodeContractFiles(file, contracts)),
    ]),
  );
}

/** Reflection sends these; nobody else reads them, so they stay encoded. A function, since it stands below its use. */
function printDescriptors(files: readonly string[]): Lines {
  return [
    '/** The descriptors of the protos, for reflection. */',
    `function ${descriptorsName}(): readonly string[] {`,
    indent('return [', indent(...files.map((file) => `'${file}',`)), '];'),
    '}',
  ];
}

function printConstant(numbered: NumberedContract, scope: TypeScriptScope): Lines {
  const { base, service } = numbered.contract;
  const types = ['Operations', 'Callbacks', 'State'].map((type) => `${base}.${type}`).join(', ');
  return [
    printDocComment(commentOf(service), service.deprecated),
    `export const ${base}: ${scope.runtime('Contract', 'type')}<${types}> =`,
    indent(
      `/* @__PURE__ */ ${scope.runtime('defineContract', 'value')}({`,
      indent(...printDefinition(numbered, scope)),
      '});',
    ),
  ];
}

function printNamespace({ contract }: NumberedContract, scope: TypeScriptScope): Lines {
  const { base, callback, state } = contract;
  const type = (name: string, ...parameters: readonly string[]) =>
    `${scope.runtime(name, 'type')}<${parameters.join(', ')}>`;
  const stateType = state?.target === undefined ? 'undefined' : scope.message(state.target, 'type');
  return [
    `export declare namespace ${base} {`,
    indent(
      ...separate([
        [printDocComment(['What the client invokes on the service.']), printMethods('Operations', contract.operations)],
        [
          printDocComment(
            callback?.target ? commentOf(callback.target) : ['The service invokes nothing on the client.'],
          ),
          printMethods('Callbacks', contract.callbacks),
        ],
        [printDocComment(['What the service keeps per session, and the client sees.']), `type State = ${stateType};`],
        [
          printDocComment([`Serves the contract: \`class Service implements ${base}.Handler\`.`]),
          `interface Handler extends ${type('ServiceHandler', 'Operations', 'Callbacks', 'State')} {}`,
        ],
        [
          printDocComment([`Answers the callbacks: \`class Answers implements ${base}.CallbackHandler\`.`]),
          `interface CallbackHandler extends ${type('CallbackHandler', 'Callbacks')} {}`,
        ],
        [
          printDocComment(["A client's session, as the service sees it."]),
          `type Session = ${type('ServiceSession', 'Callbacks', 'State')};`,
        ],
        [
          printDocComment(['What `connect` returns.']),
          `type Client = ${type('DuplexClient', 'Operations', 'Callbacks', 'State')};`,
        ],
      ]),
    ),
    '}',
  ];

  function printMethods(name: string, methods: readonly MethodModel[]): Lines {
    if (methods.length === 0) return [`interface ${name} {}`];
    return [`interface ${name} {`, indent(...methods.map((method) => printMethodType(method, scope))), '}'];
  }
}

function printMethodType({ desc, shape, localName }: MethodModel, scope: TypeScriptScope): Lines {
  const messages = shape === 'one-way' ? [desc.input] : [desc.input, desc.output];
  const types = messages.map((message) => scope.message(message, 'type')).join(', ');
  return [
    printDocComment(commentOf(desc), desc.deprecated),
    `${localName}: ${scope.runtime(shapeTypes[shape], 'type')}<${types}>;`,
  ];
}
