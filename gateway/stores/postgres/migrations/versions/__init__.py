"""One module per version, never edited once released; each names the one before it."""
