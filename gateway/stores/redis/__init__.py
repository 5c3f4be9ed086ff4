"""Connections and membership in Redis. Scripts are passed in by the rooms that own them."""
