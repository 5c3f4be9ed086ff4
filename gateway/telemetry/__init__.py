"""Content-free logs. An event is one of a few frozen dataclasses; a sentence cannot be logged.

Rules of this room: nothing here takes free text; exceptions become class and place before they arrive; what libraries
log is reduced to who and where.
"""
