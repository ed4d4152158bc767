// @ts-check
// A figure counts only if every message arrived, once, with what was in it.

/**
 * Throws unless the receiver counted exactly the values 0 … count - 1.
 *
 * @param {import('../../types.js').Tally} tally
 * @param {number} count
 */
export function checkTally({ count: counted, sum }, count) {
  if (counted === count && sum === sumOf(count)) return;
  throw new Error(`sent ${count} messages with the sum ${sumOf(count)}, received ${counted} with the sum ${sum}`);
}

/**
 * Throws unless the reply is the one to this value.
 *
 * @param {{ readonly value: number }} reply
 * @param {number} value
 */
export function checkIncrement(reply, value) {
  if (reply.value !== value + 1) throw new Error(`the reply to ${value} is ${reply.value}, not ${value + 1}`);
}

/** @param {number} count */
function sumOf(count) {
  return (count * (count - 1)) / 2;
}
