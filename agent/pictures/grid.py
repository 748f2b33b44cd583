"""How a picture is divided: what the analyst's process and the agent must agree on."""

COLUMNS, ROWS = 16, 12
CELLS = COLUMNS * ROWS
"""Cells of a picture, row by row."""
STRIPS = 24
"""Strips of full width, from the top, compared exactly with those of the picture before: a clock fills a few."""
FINENESS = 512
"""Details and gradients are told in this part of a grey level; nothing of them is above 127."""
