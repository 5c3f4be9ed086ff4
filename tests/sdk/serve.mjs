// Serves every Node client: one JSON command a line on stdin, one JSON result a line on stdout, in the order asked.
import { createInterface } from "node:readline";

const CLIENTS = {
  "node-openai-chat": async () => (await import("./openai.mjs")).chat,
  "node-openai-responses": async () => (await import("./openai.mjs")).responses,
  "node-anthropic": async () => (await import("./anthropic.mjs")).messages,
  "node-google": async () => (await import("./google.mjs")).generate,
  "node-ai-openai": async () => (await import("./ai.mjs")).openai,
  "node-ai-openai-compatible": async () => (await import("./ai.mjs")).openaiCompatible,
  "node-ai-anthropic": async () => (await import("./ai.mjs")).anthropic,
  "node-ai-google": async () => (await import("./ai.mjs")).google,
  "node-openai-small": async () => (await import("./small.mjs")).openai,
  "node-anthropic-small": async () => (await import("./small.mjs")).anthropic,
  "node-google-small": async () => (await import("./small.mjs")).google,
  "node-ai-openai-small": async () => (await import("./small.mjs")).aiOpenai,
  "node-ai-google-small": async () => (await import("./small.mjs")).aiGoogle,
};

async function answer(line) {
  try {
    const command = JSON.parse(line);
    const ask = await CLIENTS[command.client]();
    return await ask(command);
  } catch (fault) {
    return { fault: fault?.stack ?? String(fault) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
process.exit();
