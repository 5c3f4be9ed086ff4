"""File formats that commands read or write: FOCUS, Parquet, provider bills."""
