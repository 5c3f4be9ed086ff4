import Anthropic from "@anthropic-ai/sdk";
import { PATIENCE_MS, asked, call, failed, headersOf, result, second, toolsOf, usage, wantsOf } from "./result.mjs";

const STOPS = { end_turn: "stop", tool_use: "tool_calls", max_tokens: "length" };

export async function messages(command) {
  const wants = wantsOf(command);
  const content = [{ type: "text", text: wants.question }];
  if (wants.image) {
    const source = { type: "base64", media_type: asked.image.mime, data: asked.image.data };
    content.push({ type: "image", source });
  }
  const tools = toolsOf(wants).map(({ name, description, schema }) => ({ name, description, input_schema: schema }));
  const body = {
    model: command.model,
    system: asked.system,
    messages: [{ role: "user", content }],
    max_tokens: asked.max_output,
    ...(tools.length && { tools }),
    ...(wants.reasoning && {
      thinking: { type: "adaptive", display: "summarized" },
      output_config: { effort: asked.effort },
    }),
    ...(wants.shape && { output_config: { format: { type: "json_schema", schema: asked.shape.schema } } }),
  };
  const client = new Anthropic({
    baseURL: command.base_url,
    apiKey: command.key,
    authToken: null,
    maxRetries: 0,
    ...(command.version && { defaultHeaders: { "anthropic-version": command.version } }),
    timeout: PATIENCE_MS,
  });
  try {
    if (wants.stream) return await streamed(client.messages.stream(body), wants.leaves);
    const first = await client.messages.create(body).withResponse();
    if (!wants.rounds) return message(first);
    const results = first.data.content
      .filter(({ type }) => type === "tool_use")
      .map(({ id, name }) => ({ type: "tool_result", tool_use_id: id, content: asked.tools[name].result }));
    const { role, content: said } = first.data;
    const turns = [...body.messages, { role, content: said }, { role: "user", content: results }];
    const last = await client.messages.create({ ...body, messages: turns }).withResponse();
    return second(message(first), message(last));
  } catch (fault) {
    if (fault instanceof Anthropic.APIError) return failed(fault, fault.status, fault.type);
    throw fault;
  }
}

function message({ data, response }) {
  const of = (kind) => data.content.filter(({ type }) => type === kind);
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens, output_tokens_details } =
    data.usage;
  return result({
    text: of("text").map(({ text }) => text).join(""),
    tool_calls: of("tool_use").map(({ name, input }) => call(name, input)),
    finish: STOPS[data.stop_reason],
    usage: usage(
      input_tokens + (cache_creation_input_tokens ?? 0) + (cache_read_input_tokens ?? 0),
      cache_read_input_tokens,
      output_tokens,
      output_tokens_details?.thinking_tokens,
    ),
    reasoning: of("thinking").map(({ thinking }) => thinking).join(""),
    headers: headersOf(response.headers),
  });
}

async function streamed(stream, leaves) {
  if (!leaves) {
    const data = await stream.finalMessage();
    return message({ data, response: stream.response });
  }
  const text = await new Promise((heard, fault) => stream.once("text", heard).once("error", fault));
  stream.on("abort", () => {}); // meant
  stream.abort();
  return result({ text, finish: "left", headers: headersOf(stream.response.headers) });
}
