"""Terminal input and output of commands: options, tables, messages, exit codes."""
