// Makes the calls that standard input asks of a generated client, and prints what came of each; waits are
// noted instead of waited for. Read by driving.py.

interface Step {
  readonly call: string;
  readonly given: Record<string, unknown> | null;
  readonly options: Record<string, unknown>;
}

declare const process: { stdin: AsyncIterable<Uint8Array> };

const chunks: string[] = [];
const decoder = new TextDecoder();
for await (const chunk of process.stdin) chunks.push(decoder.decode(chunk, { stream: true }));
const asked = JSON.parse(chunks.join("")) as {
  client: string;
  options: { url: string; key: string };
  steps: Step[];
};

const waits: number[] = [];
const later = globalThis.setTimeout;
// Those of the client alone: what `fetch` is made of has timers of its own.
globalThis.setTimeout = ((act: () => void, delay: number) => {
  if (!new Error().stack?.includes(asked.client)) return later(act, delay);
  waits.push(delay);
  return later(act, 0);
}) as typeof setTimeout;

const { Relance, Problem, NoAnswer, etagOf } = await import(asked.client);
const relance = new Relance(asked.options);
const outcomes: unknown[] = [];
for (const { call, given, options } of asked.steps) {
  try {
    const answer = given === null ? relance[call](options) : relance[call](given, options);
    if (Symbol.asyncIterator in answer) {
      const items: unknown[] = [];
      for await (const item of answer) items.push(item);
      outcomes.push({ items });
    } else {
      const came = await answer;
      const etag = typeof came === "object" && came !== null ? etagOf(came) : undefined;
      outcomes.push(etag === undefined ? { answer: came } : { answer: came, etag });
    }
  } catch (error) {
    if (error instanceof Problem) {
      const { status, title, detail, mistakes, retryAfter, message } = error;
      const seconds = retryAfter === undefined ? null : retryAfter / 1000;
      outcomes.push({ problem: { status, title, detail, mistakes, retry_after: seconds, message } });
    } else if (error instanceof NoAnswer) {
      outcomes.push({ no_answer: error.idempotencyKey ?? null });
    } else {
      throw error;
    }
  }
}
console.log(JSON.stringify({ outcomes, waits: waits.map((delay) => delay / 1000) }));
