import { ApiError, GoogleGenAI, ThinkingLevel } from "@google/genai";
import { PATIENCE_MS, asked, call, failed, headersOf, result, second, toolsOf, usage, wantsOf } from "./result.mjs";

const STOPS = { STOP: "stop", MAX_TOKENS: "length" };

export async function generate(command) {
  const wants = wantsOf(command);
  const parts = [{ text: wants.question }];
  if (wants.image) parts.push({ inlineData: { mimeType: asked.image.mime, data: asked.image.data } });
  const functionDeclarations = toolsOf(wants).map(({ name, description, schema }) => ({
    name,
    description,
    parametersJsonSchema: schema,
  }));
  const left = new AbortController();
  const body = {
    model: command.model,
    contents: [{ role: "user", parts }],
    config: {
      abortSignal: left.signal,
      systemInstruction: asked.system,
      maxOutputTokens: asked.max_output,
      ...(functionDeclarations.length && { tools: [{ functionDeclarations }] }),
      ...(wants.reasoning && { thinkingConfig: { includeThoughts: true, thinkingLevel: ThinkingLevel.MEDIUM } }),
      ...(wants.shape && { responseMimeType: "application/json", responseJsonSchema: asked.shape.schema }),
    },
  };
  const { models } = new GoogleGenAI({
    apiKey: command.key,
    ...(command.version && { apiVersion: command.version }),
    httpOptions: { baseUrl: command.base_url, timeout: PATIENCE_MS },
  });
  try {
    if (wants.stream) return await streamed(await models.generateContentStream(body), wants.leaves && left);
    const first = await models.generateContent(body);
    if (!wants.rounds) return generated([first]);
    const answers = first.functionCalls.map(({ id, name }) => ({
      functionResponse: { id, name, response: { output: asked.tools[name].result } },
    }));
    const turns = [...body.contents, first.candidates[0].content, { role: "user", parts: answers }];
    return second(generated([first]), generated([await models.generateContent({ ...body, contents: turns })]));
  } catch (fault) {
    if (fault instanceof ApiError) return failed(fault, fault.status, codeOf(fault.message));
    throw fault;
  }
}

// The SDK puts the whole error body into the message.
function codeOf(message) {
  try {
    return JSON.parse(message).error.status;
  } catch {
    return null;
  }
}

async function streamed(chunks, left) {
  const seen = [];
  for await (const chunk of chunks) {
    seen.push(chunk);
    if (left && chunk.text) {
      left.abort();
      return result({ text: chunk.text, finish: "left", headers: headersOf(chunk.sdkHttpResponse.headers) });
    }
  }
  return generated(seen);
}

function generated(chunks) {
  const candidates = chunks.flatMap(({ candidates: found }) => found ?? []);
  const parts = candidates.flatMap(({ content }) => content?.parts ?? []);
  const calls = parts.filter(({ functionCall }) => functionCall);
  const finish = candidates.map(({ finishReason }) => finishReason).filter(Boolean);
  const counted = chunks.map(({ usageMetadata }) => usageMetadata).filter(Boolean).at(-1);
  const thought = counted.thoughtsTokenCount ?? 0;
  return result({
    text: parts.filter((part) => part.text && !part.thought).map(({ text }) => text).join(""),
    tool_calls: calls.map(({ functionCall: { name, args } }) => call(name, args)),
    finish: finish.length === 1 && calls.length && finish[0] === "STOP" ? "tool_calls" : STOPS[finish.join()],
    usage: usage(
      counted.promptTokenCount,
      counted.cachedContentTokenCount,
      (counted.candidatesTokenCount ?? 0) + thought,
      thought,
    ),
    reasoning: parts.filter((part) => part.text && part.thought).map(({ text }) => text).join(""),
    headers: headersOf(chunks[0].sdkHttpResponse.headers),
  });
}
