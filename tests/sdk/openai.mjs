import OpenAI from "openai";
import { PATIENCE_MS, asked, call, dataUrl, failed, headersOf, result, second, toolsOf, usage, wantsOf } from "./result.mjs";

const client = (command) =>
  new OpenAI({ baseURL: `${command.base_url}/v1`, apiKey: command.key, maxRetries: 0, timeout: PATIENCE_MS });

async function caught(work) {
  try {
    return await work();
  } catch (fault) {
    if (fault instanceof OpenAI.APIError) return failed(fault, fault.status, fault.code);
    throw fault;
  }
}

// --- Chat Completions ----------------------------------------------------------------------------------------------

export function chat(command) {
  const wants = wantsOf(command);
  const content = wants.image
    ? [{ type: "text", text: wants.question }, { type: "image_url", image_url: { url: dataUrl } }]
    : wants.question;
  const tools = toolsOf(wants).map(({ name, description, schema }) => ({
    type: "function",
    function: { name, description, parameters: schema },
  }));
  const body = {
    model: command.model,
    messages: [{ role: "system", content: asked.system }, { role: "user", content }],
    max_completion_tokens: asked.max_output,
    ...(tools.length && { tools }),
    ...(wants.reasoning && { reasoning_effort: asked.effort }),
    ...(wants.shape && { response_format: { type: "json_schema", json_schema: { ...asked.shape, strict: true } } }),
  };
  const create = (options) => client(command).chat.completions.create({ ...body, ...options }).withResponse();
  return caught(async () => {
    if (wants.stream) {
      return chatStream(await create({ stream: true, stream_options: { include_usage: true } }), wants.leaves);
    }
    const first = await create();
    if (!wants.rounds) return chatWhole(first);
    const { message } = first.data.choices[0];
    const results = message.tool_calls.map(({ id, function: { name } }) => ({
      role: "tool",
      tool_call_id: id,
      content: asked.tools[name].result,
    }));
    const last = await create({ messages: [...body.messages, message, ...results] });
    return second(chatWhole(first), chatWhole(last));
  });
}

function chatWhole({ data, response }) {
  const [{ message, finish_reason }] = data.choices;
  return result({
    text: message.content ?? "",
    tool_calls: (message.tool_calls ?? []).map((made) => call(made.function.name, made.function.arguments)),
    finish: finish_reason,
    usage: chatUsage(data.usage),
    reasoning: message.reasoning_content ?? "",
    headers: headersOf(response.headers),
  });
}

async function chatStream({ data, response }, leaves) {
  const found = result({ headers: headersOf(response.headers) });
  const calls = [];
  for await (const chunk of data) {
    if (chunk.usage) found.usage = chatUsage(chunk.usage);
    for (const { delta, finish_reason } of chunk.choices) {
      found.text += delta.content ?? "";
      found.reasoning += delta.reasoning_content ?? "";
      found.finish = finish_reason ?? found.finish;
      for (const part of delta.tool_calls ?? []) {
        calls[part.index] ??= { name: part.function.name, text: "" };
        calls[part.index].text += part.function.arguments ?? "";
      }
    }
    if (leaves && found.text) {
      data.controller.abort();
      return { ...found, finish: "left" };
    }
  }
  return { ...found, tool_calls: calls.map(({ name, text }) => call(name, text)) };
}

const chatUsage = (counted) =>
  usage(
    counted.prompt_tokens,
    counted.prompt_tokens_details?.cached_tokens,
    counted.completion_tokens,
    counted.completion_tokens_details?.reasoning_tokens,
  );

// --- Responses -----------------------------------------------------------------------------------------------------

export function responses(command) {
  const wants = wantsOf(command);
  const content = [{ type: "input_text", text: wants.question }];
  if (wants.image) content.push({ type: "input_image", image_url: dataUrl, detail: "auto" });
  const tools = toolsOf(wants).map(({ name, description, schema }) => ({
    type: "function",
    name,
    description,
    parameters: schema,
    strict: true,
  }));
  const body = {
    model: command.model,
    instructions: asked.system,
    input: [{ role: "user", content }],
    max_output_tokens: asked.max_output,
    store: false,
    include: ["reasoning.encrypted_content"],
    ...(tools.length && { tools }),
    ...(wants.reasoning && { reasoning: { effort: asked.effort, summary: "auto" } }),
    ...(wants.shape && { text: { format: { type: "json_schema", ...asked.shape, strict: true } } }),
  };
  const create = (options) => client(command).responses.create({ ...body, ...options }).withResponse();
  return caught(async () => {
    if (wants.stream) return responsesStream(await create({ stream: true }), wants.leaves);
    const first = await create();
    if (!wants.rounds) return response(first);
    const results = first.data.output
      .filter(({ type }) => type === "function_call")
      .map(({ call_id, name }) => ({ type: "function_call_output", call_id, output: asked.tools[name].result }));
    const last = await create({ input: [...body.input, ...first.data.output, ...results] });
    return second(response(first), response(last));
  });
}

function response({ data, response: { headers } }) {
  const calls = data.output.filter(({ type }) => type === "function_call").map((made) => call(made.name, made.arguments));
  const thoughts = data.output.filter(({ type }) => type === "reasoning").flatMap(({ summary }) => summary);
  const ends = { max_output_tokens: "length" }[data.incomplete_details?.reason];
  return result({
    text: data.output_text,
    tool_calls: calls,
    finish: ends ?? (calls.length ? "tool_calls" : "stop"),
    usage: usage(
      data.usage.input_tokens,
      data.usage.input_tokens_details.cached_tokens,
      data.usage.output_tokens,
      data.usage.output_tokens_details.reasoning_tokens,
    ),
    reasoning: thoughts.map(({ text }) => text).join(""),
    headers: headersOf(headers),
  });
}

// The response that the last event holds; what was streamed before must say the same.
async function responsesStream({ data, response: http }, leaves) {
  const streamed = { text: "", reasoning: "" };
  let done;
  for await (const event of data) {
    if (event.type === "response.output_text.delta") streamed.text += event.delta;
    if (event.type === "response.reasoning_summary_text.delta") streamed.reasoning += event.delta;
    if (leaves && streamed.text) {
      data.controller.abort();
      return result({ text: streamed.text, finish: "left", headers: headersOf(http.headers) });
    }
    if (event.type === "response.completed" || event.type === "response.incomplete") done = event.response;
  }
  // `output_text` is added to whole replies only.
  const parts = done.output.flatMap((item) => (item.type === "message" ? item.content : []));
  const found = response({ data: { ...done, output_text: parts.map(({ text }) => text).join("") }, response: http });
  if (found.text !== streamed.text || found.reasoning !== streamed.reasoning) throw new Error("two different texts");
  return found;
}
