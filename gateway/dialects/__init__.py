"""Wire languages, both ways: bytes become a demand and a sealed prompt; provider replies become usage and bytes.

Rules of this room: no I/O, no clock, no knowledge of any one provider (its quirks are facts in the catalogue). Each
dialect parses what arrives in one function. No error raised here carries a word of a request or a reply.

Each dialect is a package, and the same role has the same file name in each. A package lacks the file of a role that
its dialect does not have. `openai` and `google` hold what the dialects of one family share; they are no dialects.

    request     a client's request: its demand and its sealed prompt; its bytes for a route of the same dialect
    survey      the shape of a request: every member whose effect on content is known; everything else is named
    parts       shapes of the parts, blocks and tools of a request
    items       shapes of the items of a request
    decode      a client's request, read into the neutral form
    encode      the neutral form, written as a request for a provider
    content     the content of a request: its parts, read into neutral parts
    tools       the tools of a request and the choice among them, read into the neutral form
    client_tools  tools that the client runs and other dialects do not know: functions there, and calls back
    turns       the turns of a request, read into neutral turns
    messages    neutral turns, written for a provider
    events      a provider's reply, whole or streamed, read into neutral events
    calls       the tool calls of a provider's reply, put together from their pieces
    payloads    the typed shape of a provider's reply, where several modules read the same shape
    stream      a provider's reply, passed on: its usage, its content and its end are observed
    reply       a reply, written for a client from neutral events or from a whole neutral reply
    frames      the events of a stream to a client: their bytes, their order, the items that grow in them
    usage       reported usage as disjoint classes, and usage as clients of the dialect read it
    errors      refusals, and the end of a stream that failed
    counting    token counts: the answer for a client, and a provider's answer
    schema      JSON Schema in the form that the dialect takes
    signatures  signatures of reasoning: the dialect's own, and those of other dialects
    ids         ids of tool calls in the form that the dialect takes
    texts       the spans of a request that a person or a model wrote
    carriers    forms of request in which clouds carry the dialect
    framing     a provider's stream whose events may be other than server-sent events, cut into events
    fields      members of Google's JSON, under either of their two names
"""
