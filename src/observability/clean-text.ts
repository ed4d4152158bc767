/** So much of a text that a peer has a say in goes into a log. */
const MAX_LENGTH = 512;

/** A text that cannot forge a line of a log, or move a terminal's cursor: escaped, and cut. */
export function cleanText(text: string): string {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return cut.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}
