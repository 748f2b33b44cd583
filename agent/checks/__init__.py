"""What `doctor` looks at, one module a topic. Each yields findings; none changes anything."""
