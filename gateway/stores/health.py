"""Route health as this process sees it. Failure rule: unknown is healthy; policy is never read from here."""
