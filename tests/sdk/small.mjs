// What the Node SDKs ask beside conversations: the Node side of python_small.py.
import Anthropic from "@anthropic-ai/sdk";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { GoogleGenAI } from "@google/genai";
import { embedMany } from "ai";
import OpenAI from "openai";
import { PATIENCE_MS, asked } from "./result.mjs";

const question = asked.scenarios.plain.question;

async function all(listed, name) {
  const found = [];
  for await (const model of listed) found.push(model[name]);
  return found;
}

export async function openai({ base_url, key, model, scenario }) {
  const client = new OpenAI({ baseURL: `${base_url}/v1`, apiKey: key, maxRetries: 0, timeout: PATIENCE_MS });
  return {
    models: async () => all(await client.models.list(), "id"),
    model: async () => (await client.models.retrieve(model)).id,
    count: async () => (await client.responses.inputTokens.count({ model, input: question })).input_tokens,
    embeddings: async () =>
      (await client.embeddings.create({ model, input: asked.texts })).data.map(({ embedding }) => embedding),
  }[scenario]();
}

export async function anthropic({ base_url, key, model, scenario }) {
  const client = new Anthropic({ baseURL: base_url, apiKey: key, authToken: null, maxRetries: 0, timeout: PATIENCE_MS });
  const messages = [{ role: "user", content: question }];
  return {
    models: async () => all(await client.models.list(), "id"),
    model: async () => (await client.models.retrieve(model)).id,
    count: async () => (await client.messages.countTokens({ model, messages })).input_tokens,
  }[scenario]();
}

export async function google({ base_url, key, model, scenario }) {
  const { models } = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: base_url, timeout: PATIENCE_MS } });
  return {
    models: async () => all(await models.list(), "name"),
    model: async () => (await models.get({ model })).name,
    count: async () => (await models.countTokens({ model, contents: question })).totalTokens,
    embeddings: async () =>
      (await models.embedContent({ model, contents: asked.texts })).embeddings.map(({ values }) => values),
  }[scenario]();
}

const embedded = async (model) => (await embedMany({ model, values: asked.texts, maxRetries: 0 })).embeddings;

export const aiOpenai = ({ base_url, key, model }) =>
  embedded(createOpenAI({ baseURL: `${base_url}/v1`, apiKey: key }).embeddingModel(model));

export const aiGoogle = ({ base_url, key, model }) =>
  embedded(createGoogle({ baseURL: `${base_url}/v1beta`, apiKey: key }).embeddingModel(model));
