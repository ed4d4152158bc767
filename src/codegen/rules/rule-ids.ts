/**
 * The stable name of every rule. Users search for them, so a name is never
 * changed or used again; docs/contracts.md explains each with an example.
 */
export type RuleId =
  | 'callback-unknown'
  | 'callback-self'
  | 'callback-empty'
  | 'callback-is-contract'
  | 'state-unknown'
  | 'session-not-allowed'
  | 'session-required'
  | 'no-initiating-operation'
  | 'one-way-result'
  | 'one-way-faults'
  | 'one-way-stream'
  | 'fault-unknown'
  | 'delivery-shape'
  | 'name-case'
  | 'name-arm'
  | 'name-proxy'
  | 'name-wire'
  | 'name-reused'
  | 'number-range'
  | 'number-twice'
  | 'number-reused'
  | 'number-record-missing'
  | 'number-record-broken'
  | 'message-encoding'
  | 'message-presence'
  | 'message-extensions'
  | 'message-name'
  | 'plugin-option'
  | 'ts-proto';
