// Makes the calls that each line of standard input asks of a generated client, and answers with a line of what
// came of them; waits are noted instead of waited for. Read by driving.py.

import { createInterface } from "node:readline";

interface Step {
  readonly call: string;
  readonly given: Record<string, unknown> | null;
  readonly options: Record<string, unknown>;
}

interface Asked {
  readonly client: string;
  readonly options: { url: string; key: string; retries: number };
  readonly steps: Step[];
}

let waits: number[] = [];
let client = "";
const later = globalThis.setTimeout;
// Those of the client alone: what `fetch` is made of has timers of its own.
globalThis.setTimeout = ((act: () => void, delay: number) => {
  if (!new Error().stack?.includes(client)) return later(act, delay);
  waits.push(delay / 1000);
  return later(act, 0);
}) as typeof setTimeout;

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as Asked;
  client = asked.client;
  waits = [];
  const module = await import(client);
  const relance = new module.Relance(asked.options);
  const outcomes: unknown[] = [];
  for (const step of asked.steps) outcomes.push(await outcomeOf(module, relance, step));
  console.log(JSON.stringify({ outcomes, waits }));
}

async function outcomeOf(module: any, relance: any, { call, given, options }: Step) {
  try {
    const answer = given === null ? relance[call](options) : relance[call](given, options);
    if (Symbol.asyncIterator in answer) {
      const items: unknown[] = [];
      for await (const item of answer) items.push(item);
      return { items };
    }
    const came = await answer;
    const etag = typeof came === "object" && came !== null ? module.etagOf(came) : undefined;
    return etag === undefined ? { answer: came } : { answer: came, etag };
  } catch (error) {
    if (error instanceof module.NoAnswer) return { no_answer: error.idempotencyKey ?? null };
    if (!(error instanceof module.Problem)) throw error;
    const { status, title, detail, mistakes, retryAfter, message } = error;
    const seconds = retryAfter === undefined ? null : retryAfter / 1000;
    return { problem: { status, title, detail, mistakes, retry_after: seconds, message } };
  }
}
