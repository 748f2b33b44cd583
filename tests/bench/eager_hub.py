"""A hub that hardly rests while it reads the past of a fleet: a bench need not wait ten minutes until it knows that."""

import sys

from hub import foreknowledge
from hub.__main__ import main

if __name__ == "__main__":
    foreknowledge.REST = 0.1
    sys.exit(main(sys.argv[1:]))
