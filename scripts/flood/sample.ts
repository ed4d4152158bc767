/** Prints a line of JSON with `what` and the memory of this process, ten times a second, until the result is called. */
export function sample(what: () => object): () => void {
  const timer = setInterval(() => {
    const { rss, heapUsed } = process.memoryUsage();
    console.log(JSON.stringify({ ...what(), rss, heapUsed }));
  }, 100);
  return () => clearInterval(timer);
}
