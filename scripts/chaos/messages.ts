import type { SessionEnd, Status } from '../../src/index.js';

/** One session of the client process: where it dials, and under which name both processes log it. */
export interface LanePlan {
  readonly lane: number;
  /** Name of the session in logs; a lane's next session gets another one. */
  readonly run: string;
  readonly address: string;
  /** The certificate to trust, in PEM; without one the lane is plaintext. */
  readonly trusts: string | undefined;
}

/** What the service process has to know. */
export interface ServicePlan {
  readonly log: string;
  /** Where to listen. */
  readonly host: string;
  readonly cert: string;
  readonly key: string;
}

/** What the orchestrator tells its processes. */
export type Order =
  | { readonly order: 'serve'; readonly plan: ServicePlan }
  | { readonly order: 'run'; readonly log: string; readonly lanes: readonly LanePlan[] }
  /** Opens an idle session that does not survive its connection, to see when each side notices. */
  | { readonly order: 'probe'; readonly plan: LanePlan }
  /** Asks for the size of the heap. */
  | { readonly order: 'weigh' }
  /** Closes everything in order, and leaves. */
  | { readonly order: 'finish' };

/** What the processes tell the orchestrator. Times are milliseconds since 1970. */
export type News =
  | { readonly news: 'serving'; readonly plainPort: number; readonly tlsPort: number }
  | {
      readonly news: 'status';
      readonly lane: number;
      readonly run: string;
      readonly status: Status;
      readonly at: number;
    }
  | { readonly news: 'probing'; readonly run: string }
  | { readonly news: 'ended'; readonly run: string; readonly end: SessionEnd; readonly at: number }
  /** The heap after a collection. */
  | { readonly news: 'weight'; readonly heapBytes: number }
  | { readonly news: 'violation'; readonly what: string }
  | { readonly news: 'finished' };
