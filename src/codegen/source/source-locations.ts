import { create } from '@bufbuild/protobuf';
import {
  type SourceCodeInfo,
  type SourceCodeInfo_Location,
  SourceCodeInfo_LocationSchema,
  SourceCodeInfoSchema,
} from '@bufbuild/protobuf/wkt';
import { methodPaths, optionPaths } from '../model/contract-options.js';
import { toCamelCase } from '../model/names.js';
import { candidates } from '../model/resolve.js';
import { parseStatements, type Statement, type Token } from './proto-statements.js';

type Path = readonly number[];

/** The options by their full names: where a compiler locates them, and their fields. */
const options: Readonly<Record<string, Readonly<Record<string, Path>>>> = {
  'duplex.v1.contract': optionPaths.contract,
  'duplex.v1.operation': optionPaths.operation,
};

/**
 * Where the services of a proto file stand, their methods and our options, as
 * a compiler would locate them: for descriptors that were made without one.
 */
export function locateServices(text: string): SourceCodeInfo {
  const statements = parseStatements(text);
  const scope = statements.find(isA('package'))?.head[1]?.text ?? '';
  const services = statements.filter(isA('service'));
  return create(SourceCodeInfoSchema, {
    location: services.flatMap((service, index) => locateService(service, [6, index], scope)),
  });
}

function locateService(service: Statement, path: Path, scope: string): readonly SourceCodeInfo_Location[] {
  const methods = (service.body ?? []).filter(isA('rpc'));
  return [
    ...locate(path, service.head[0]),
    ...locateOptions(service, path, scope),
    ...methods.flatMap((method, index) => locateMethod(method, [...path, 2, index], scope)),
  ];
}

/** `rpc Name ( stream Request ) returns ( stream Reply )`. */
function locateMethod(method: Statement, path: Path, scope: string): readonly SourceCodeInfo_Location[] {
  const { head } = method;
  const [input, output] = head.filter((_, index) => head[index + 1]?.text === ')');
  return [
    ...locate(path, head[0]),
    ...locate([...path, ...methodPaths.input], input),
    ...locate([...path, ...methodPaths.output], output),
    ...locateOptions(method, path, scope),
  ];
}

/** `option ( name ) = { field: value }`, or `option ( name ) .field = value`. */
function locateOptions({ body = [] }: Statement, path: Path, scope: string): readonly SourceCodeInfo_Location[] {
  return body.filter(isA('option')).flatMap(({ head, body = [] }) => {
    const [keyword, bracket, name, , member] = head;
    const option = candidates(name?.text ?? '', scope).find((candidate) => Object.hasOwn(options, candidate));
    const paths = options[option ?? ''];
    if (paths === undefined) return [];
    const locateField = (name: string, token: Token | undefined) => {
      const field = paths[toCamelCase(name)];
      return field === undefined ? [] : locate([...path, ...field], token);
    };
    const tokens = body.flatMap(({ head }) => head);
    const fields = tokens.filter((_, index) => tokens[index + 1]?.text === ':');
    if (member?.text.startsWith('.')) return locateField(member.text.slice(1), keyword);
    return [...locateField('all', bracket), ...fields.flatMap((token) => locateField(token.text, token))];
  });
}

function locate(path: Path, token: Token | undefined): readonly SourceCodeInfo_Location[] {
  if (token === undefined) return [];
  const [line, column] = [token.line - 1, token.column - 1];
  const span = [line, column, column + token.text.length];
  return [create(SourceCodeInfo_LocationSchema, { path: [...path], span })];
}

function isA(keyword: string): (statement: Statement) => boolean {
  return ({ head: [first] }) => first?.text === keyword;
}
