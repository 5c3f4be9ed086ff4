"""Price lists that the operator brings, read as data: bytes in, offers out.

Rules of this room: nothing here opens a connection, imports code of a list or runs it. Every amount is a decimal with a
bound; an impossible entry is left out and named; a list that cannot be read whole is refused. One module per list.
"""
