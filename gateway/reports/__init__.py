"""Reports: questions of people and programs to ledger, books, keys and health, answered with the values of the views.

Rules of this room: a report is asked for by a query and by who asks, and nobody learns of others' receipts; every
report reads and changes nothing. A report that reads a store runs in a worker thread, or awaits. No HTTP, no terminal.
"""
