"""What IT wants each agent to run: written by the command line, published by the hub until the agent says it runs."""
