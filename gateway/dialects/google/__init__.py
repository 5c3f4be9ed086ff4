"""The parts that Google's dialects share: the reading of Google's JSON, the contents of requests, usage, refusals.

Not a dialect: no client is answered from here. Each dialect of the family imports the modules that it needs.
"""
