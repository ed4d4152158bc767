/**
 * The arm of an rpc in an envelope: `AddTo` becomes `add_to`, `GetHTTPInfo`
 * becomes `get_http_info`. What buf lint asks of field names.
 */
export function toSnakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/__+/g, '_')
    .replace(/^_|_$/g, '');
}

/** `add_to` becomes `addTo`, in the way in which protobuf makes JSON names. */
export function toCamelCase(snake: string): string {
  return snake.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** What the generated names of a contract start with: the service's name without `Service`. */
export function baseName(service: string): string {
  return service.replace(/(?<=.)Service$/, '');
}

/** Names that the generated wire proto of a contract declares in the contract's package. */
export function wireNames(base: string): { service: string; clientEnvelope: string; serverEnvelope: string } {
  return {
    service: `${base}DuplexService`,
    clientEnvelope: `${base}ClientEnvelope`,
    serverEnvelope: `${base}ServerEnvelope`,
  };
}

/** `calculator/v1/calculator.proto` becomes `calculator/v1/calculator_duplex`: both generated files start so. */
export function duplexStem(file: string): string {
  return file.replace(/\.proto$/, '_duplex');
}

/** The full name of what a file of the given package declares. */
export function qualify(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
