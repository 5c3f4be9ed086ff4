"""The parts that OpenAI's dialects share: the usage of completions and embeddings, refusals, ids, reasoning efforts.

Not a dialect: no client is answered from here. Each dialect of the family imports the modules that it needs.
"""
