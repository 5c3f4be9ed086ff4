"""The verbs of `safeconduct catalogue` that turn price lists into changes: update, review, accept."""
