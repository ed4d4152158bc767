/** Runs something when the application is ready for it: later, and in order. */
export type Deliver = (run: () => void) => void;
