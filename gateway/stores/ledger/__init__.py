"""Receipts for reading and reporting, and their way into PostgreSQL."""
