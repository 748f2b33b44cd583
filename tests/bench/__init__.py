"""What the hot paths cost. `make bench` prints a table and writes build/bench.json."""
