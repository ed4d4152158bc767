/**
 * What a field or a oneof is called in code: `foo_bar` becomes `fooBar`. These
 * are the names that ts-proto gives. They differ from those in JSON where a
 * proto does not follow the style: `FOO_BAR` is `fooBar`, too, `trailing_` is
 * `trailing`, and an option `json_name` means nothing.
 */
export function memberName(name: string): string {
  if (!name.includes('_')) return name;
  const words = /[a-z]/.test(name) ? name.split('_') : name.toLowerCase().split('_');
  return words.map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');
}
