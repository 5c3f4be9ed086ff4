"""Tokens: secrets with an end, obtained in the background and renewed before they end.

`renewing` is the credential that a call uses; `renewals` runs one for each record that takes tokens. `token` is the
seam: a source obtains a secret, a scheme authorises a request with it. `endpoint` asks token endpoints by the rules of
`egress`; `secret_files` reads files again when they change; `members` reads answers.

Rules: applying a secret waits for nothing. A request for a token carries no prompt. No secret in a `repr`, an exception
or an event.
"""
