// What every client is told and what it gives back: the Node side of results.py.
import { readFileSync } from "node:fs";

export const asked = JSON.parse(readFileSync(new URL("./asked.json", import.meta.url), "utf8"));
export const dataUrl = `data:${asked.image.mime};base64,${asked.image.data}`;
export const PATIENCE_MS = 20_000;

export const wantsOf = (command) => asked.scenarios[command.scenario];
export const toolsOf = (wants) => (wants.tools ?? []).map((name) => ({ name, ...asked.tools[name] }));

export const result = (found) => ({
  text: "",
  tool_calls: [],
  finish: null,
  usage: null,
  reasoning: "",
  error: null,
  headers: {},
  ...found,
});

export const usage = (input, cached, output, reasoning) => ({
  input,
  cached: cached ?? 0,
  output,
  reasoning: reasoning ?? 0,
});

export const failed = (fault, status, code) =>
  result({
    error: { class: fault.constructor.name, status: status ?? null, code: code ?? null, message: fault.message },
  });

export const call = (name, args) => ({
  name,
  arguments: typeof args === "string" ? JSON.parse(args || "{}") : (args ?? {}),
});

export const headersOf = (headers) => Object.fromEntries(new Headers(headers).entries());

// Both rounds as one: what was called and thought in the first, the rest from the last.
export const second = (first, last) => ({
  ...last,
  tool_calls: first.tool_calls,
  reasoning: first.reasoning || last.reasoning,
});
