"""Connections to PostgreSQL and the migrations of its tables."""
