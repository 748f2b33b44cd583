"""The contract agents and hub share: messages, topics, the metric catalogue. Imports nothing else of ours."""
