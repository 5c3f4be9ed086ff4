"""Rate limits, in this process or shared through Redis. On failure: each process counts for itself."""
