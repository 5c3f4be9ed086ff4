import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, Output, generateText, isStepCount, jsonSchema, streamText, tool } from "ai";
import { asked, call, failed, headersOf, result, second, toolsOf, usage, wantsOf } from "./result.mjs";

const FINISHES = { "tool-calls": "tool_calls" };
globalThis.AI_SDK_LOG_WARNINGS = false;

export const openai = (command) =>
  ask(command, createOpenAI({ baseURL: `${command.base_url}/v1`, apiKey: command.key })(command.model), {
    openai: {
      store: false,
      include: ["reasoning.encrypted_content"],
      ...(wantsOf(command).reasoning && {
        forceReasoning: true, // the SDK tells by the model's name, and ours has one of its own
        reasoningEffort: asked.effort,
        reasoningSummary: "auto",
      }),
    },
  });

export const openaiCompatible = (command) => {
  const provider = createOpenAICompatible({
    name: "gateway",
    baseURL: `${command.base_url}/v1`,
    apiKey: command.key,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  return ask(command, provider(command.model), {
    gateway: wantsOf(command).reasoning ? { reasoningEffort: asked.effort } : {},
  });
};

export const anthropic = (command) =>
  ask(command, createAnthropic({ baseURL: `${command.base_url}/v1`, apiKey: command.key })(command.model), {
    anthropic: {
      structuredOutputMode: "outputFormat",
      ...(wantsOf(command).reasoning && {
        thinking: { type: "adaptive", display: "summarized" },
        effort: asked.effort,
      }),
    },
  });

export const google = (command) =>
  ask(command, createGoogle({ baseURL: `${command.base_url}/v1beta`, apiKey: command.key })(command.model), {
    google: wantsOf(command).reasoning
      ? { thinkingConfig: { includeThoughts: true, thinkingLevel: asked.effort } }
      : {},
  });

async function ask(command, model, providerOptions) {
  const wants = wantsOf(command);
  const content = [{ type: "text", text: wants.question }];
  if (wants.image) content.push({ type: "file", mediaType: asked.image.mime, data: asked.image.data });
  const left = new AbortController();
  const body = {
    model,
    providerOptions,
    instructions: asked.system,
    messages: [{ role: "user", content }],
    maxOutputTokens: asked.max_output,
    maxRetries: 0,
    abortSignal: left.signal,
    tools: Object.fromEntries(
      toolsOf(wants).map(({ name, description, schema, result: said }) => [
        name,
        tool({ description, inputSchema: jsonSchema(schema), ...(wants.rounds && { execute: async () => said }) }),
      ]),
    ),
    stopWhen: isStepCount(wants.rounds ?? 1),
    ...(wants.shape && {
      output: Output.object({ schema: jsonSchema(asked.shape.schema), name: asked.shape.name }),
    }),
  };
  try {
    if (wants.stream) return await streamed(body, wants.leaves && left);
    const { steps } = await generateText(body);
    return steps.map(step).reduce(second);
  } catch (fault) {
    if (APICallError.isInstance(fault)) return failed(fault, fault.statusCode, codeOf(fault.data));
    throw fault;
  }
}

const codeOf = (data) => data?.error?.status ?? data?.error?.code ?? data?.error?.type;

function step({ text, toolCalls, finishReason, usage: counted, reasoningText, response }) {
  return result({
    text,
    tool_calls: toolCalls.map(({ toolName, input }) => call(toolName, input)),
    finish: FINISHES[finishReason] ?? finishReason,
    usage: usage(
      counted.inputTokens,
      counted.inputTokenDetails.cacheReadTokens,
      counted.outputTokens,
      counted.outputTokenDetails.reasoningTokens,
    ),
    reasoning: reasoningText ?? "",
    headers: headersOf(response.headers),
  });
}

async function streamed(body, left) {
  let fault;
  const stream = streamText({ ...body, onError: ({ error }) => (fault ??= error) });
  if (left) {
    for await (const text of stream.textStream) {
      left.abort();
      return result({ text, finish: "left" }); // the headers are not to be had before the end
    }
  }
  await stream.consumeStream();
  if (fault) return failed(fault, fault.statusCode, codeOf(fault.data));
  return step((await stream.steps)[0]);
}
