"""Content-free logs. An event is one of a few frozen dataclasses; there is no way to log a sentence.

Rules of this room: nothing here takes free text; exceptions become class and place before they arrive; what libraries
log is reduced to who and where.
"""
