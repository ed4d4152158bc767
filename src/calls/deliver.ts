/** Runs something when the application is ready for it: later, and in order. */
export type Deliver = (run: () => void) => void;

/**
 * Invokes the handler of a call when the application is ready for it. Until
 * then the call counts as running, so no more of them come than may run.
 */
export function invokeLater(
  deliver: Deliver,
  call: { readonly id: number; readonly isAborted: boolean },
  invoke: () => unknown,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    deliver(() => {
      // Nobody waits any more for the answer of a call that has not begun. What is one-way was sent, and arrives.
      if (call.isAborted && call.id !== 0) return resolve(undefined);
      try {
        resolve(invoke());
      } catch (error) {
        reject(error);
      }
    });
  });
}
