"""Access of commands to a running gateway, to state directories and to the ledger."""
