"""Core values as JSON and sentences, the one place for what asgi, console and commands show. No I/O and no content."""
