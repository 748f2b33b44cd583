"""One file with everything a hub holds, and the way back from it."""
