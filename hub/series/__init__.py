"""Where every number of every device goes: the SeriesStore protocol, its two stores and the buffer before them."""
