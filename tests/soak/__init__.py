"""Long loads upon whole gateways that are killed meanwhile, and what must be true of the books at their end.

No two requests ask for the same output limit: a provider knows by it which request it is asked for, and a receipt names
it too. So each call, each attempt and each answer can be laid beside each other, although none of them holds content.
`make soak` runs `__main__`.
"""
