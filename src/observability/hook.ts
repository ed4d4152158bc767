/**
 * Runs a function of the user's that only hears of something. What it throws,
 * at once or by a promise that it returns, goes to `failed` and changes nothing
 * else. Returns what it returns, or undefined.
 */
export function runHook<Result>(hook: () => Result, failed: (error: unknown) => void): Result | undefined {
  try {
    const result = hook();
    if (isPromiseLike(result)) Promise.resolve(result).then(undefined, failed);
    return result;
  } catch (error) {
    failed(error);
    return undefined;
  }
}

/** Whether a value has to be awaited. */
export function isPromiseLike<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
