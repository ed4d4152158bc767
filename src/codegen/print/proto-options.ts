import type { DescFile } from '@bufbuild/protobuf';
import type { FileOptions } from '@bufbuild/protobuf/wkt';
import type { Lines } from './text.js';

/** Options that place generated code in a language's packages, in the order of their proto names. */
const taken = [
  ['cc_enable_arenas', 'ccEnableArenas'],
  ['csharp_namespace', 'csharpNamespace'],
  ['go_package', 'goPackage'],
  ['java_multiple_files', 'javaMultipleFiles'],
  ['java_outer_classname', 'javaOuterClassname'],
  ['java_package', 'javaPackage'],
  ['objc_class_prefix', 'objcClassPrefix'],
  ['php_class_prefix', 'phpClassPrefix'],
  ['php_metadata_namespace', 'phpMetadataNamespace'],
  ['php_namespace', 'phpNamespace'],
  ['ruby_package', 'rubyPackage'],
  ['swift_prefix', 'swiftPrefix'],
] as const satisfies readonly (readonly [string, keyof FileOptions])[];

/**
 * The language options of a contract's file, for the wire proto beside it, so
 * that both land in the same package of every language. The outer class of
 * Java is the one thing that two files must not share.
 */
export function printLanguageOptions(file: DescFile): Lines {
  const { options } = file.proto;
  return taken.flatMap(([name, key]) => {
    if (options === undefined || !Object.hasOwn(options, key)) return [];
    const value = key === 'javaOuterClassname' ? wireClassName(options[key]) : options[key];
    return [`option ${name} = ${JSON.stringify(value)};`];
  });
}

function wireClassName(name: string): string {
  return name.endsWith('Proto') ? `${name.slice(0, -'Proto'.length)}DuplexProto` : `${name}Duplex`;
}
