"""What the machine's kernel, files and programs say: pure parsers and small watches that the collectors share."""
