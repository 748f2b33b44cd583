"""From findings to tickets: one a root cause."""
