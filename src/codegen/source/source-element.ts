import type { DescEnum, DescField, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import type { FileDescriptorProto, SourceCodeInfo_Location } from '@bufbuild/protobuf/wkt';
import type { Position } from '../finding.js';

/** What a position or a comment can be asked of. */
export type SourceElement = DescService | DescMethod | DescMessage | DescEnum | DescField;

/** Field numbers of google/protobuf/descriptor.proto that paths in its SourceCodeInfo are made of. */
const path = {
  ...{ fileMessage: 4, fileEnum: 5, fileService: 6 },
  ...{ messageField: 2, messageNested: 3, messageEnum: 4, serviceMethod: 2 },
} as const;

/**
 * Where an element is declared, or something inside its declaration: `inside`
 * is a path of field numbers from the element's own descriptor, such as `[3, 73101]`
 * for an option of a service. As much of it as the compiler located counts.
 */
export function positionOf(element: SourceElement, inside: readonly number[] = []): Position {
  const file = fileOf(element);
  const start = sourcePath(element);
  for (let length = inside.length; length >= 0; length--) {
    const location = locate(file, [...start, ...inside.slice(0, length)]);
    if (location !== undefined) return toPosition(file, location);
  }
  return { file: file.name, line: 1, column: 1 };
}

/** The comment above an element, or else behind it, without its marks; empty if there is none. */
export function commentOf(element: SourceElement): readonly string[] {
  const location = locate(fileOf(element), sourcePath(element));
  const text = location?.leadingComments || location?.trailingComments || '';
  const lines = text.replace(/^\*/, '').split('\n');
  return trimBlank(lines.map((line) => line.replace(/^ /, '').trimEnd())).filter(
    (line) => !line.startsWith('buf:lint:'),
  );
}

function fileOf(element: SourceElement): FileDescriptorProto {
  return element.kind === 'rpc' || element.kind === 'field' ? element.parent.file.proto : element.file.proto;
}

function sourcePath(element: SourceElement): readonly number[] {
  switch (element.kind) {
    case 'service':
      return [path.fileService, element.file.proto.service.indexOf(element.proto)];
    case 'rpc':
      return [...sourcePath(element.parent), path.serviceMethod, element.parent.proto.method.indexOf(element.proto)];
    case 'field':
      return [...sourcePath(element.parent), path.messageField, element.parent.proto.field.indexOf(element.proto)];
    case 'message':
      return element.parent === undefined
        ? [path.fileMessage, element.file.proto.messageType.indexOf(element.proto)]
        : [...sourcePath(element.parent), path.messageNested, element.parent.proto.nestedType.indexOf(element.proto)];
    case 'enum':
      return element.parent === undefined
        ? [path.fileEnum, element.file.proto.enumType.indexOf(element.proto)]
        : [...sourcePath(element.parent), path.messageEnum, element.parent.proto.enumType.indexOf(element.proto)];
  }
}

/** The location of exactly this path, or else the first one inside it: of an option only its fields may be located. */
function locate(file: FileDescriptorProto, wanted: readonly number[]): SourceCodeInfo_Location | undefined {
  const inside = (file.sourceCodeInfo?.location ?? []).filter(({ path }) =>
    wanted.every((part, i) => path[i] === part),
  );
  return inside.find(({ path }) => path.length === wanted.length) ?? inside[0];
}

function toPosition(file: FileDescriptorProto, { span }: SourceCodeInfo_Location): Position {
  const [line = 0, column = 0] = span;
  return { file: file.name, line: line + 1, column: column + 1 };
}

function trimBlank(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line !== '');
  const last = lines.findLastIndex((line) => line !== '');
  return first === -1 ? [] : lines.slice(first, last + 1);
}
