// @ts-check

/**
 * Requests over a bidirectional stream of async iterables, paired with their
 * replies by number: what users of such a library write.
 *
 * @template Envelope
 * @param {(requests: AsyncIterable<Envelope>) => AsyncIterable<Envelope>} connect
 * @param {(id: number, value: number) => Envelope} request
 * @param {(envelope: Envelope) => { id: number, reply: { value: number } }} read
 */
export function callsByIterables(connect, request, read) {
  /** @type {Map<number, (reply: { value: number }) => void>} */
  const pending = new Map();
  let lastId = 0;
  /** @type {Envelope[]} */
  let queue = [];
  let wake = () => {};
  let isOver = false;
  async function* requests() {
    while (!isOver) {
      const sent = queue;
      queue = [];
      yield* sent;
      if (queue.length === 0 && !isOver) {
        await new Promise((resolve) => {
          wake = () => resolve(undefined);
        });
      }
    }
  }
  const listening = async () => {
    for await (const envelope of connect(requests())) {
      const { id, reply } = read(envelope);
      pending.get(id)?.(reply);
      pending.delete(id);
    }
  };
  void listening().catch((error) => {
    if (!isOver) throw error;
  });
  return {
    /** @param {number} value @returns {Promise<{ value: number }>} */
    increment: (value) =>
      new Promise((resolve) => {
        pending.set(++lastId, resolve);
        queue.push(request(lastId, value));
        wake();
      }),
    end() {
      isOver = true;
      wake();
    },
  };
}
