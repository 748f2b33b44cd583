"""The hub, but that it acknowledges nothing: what it costs less is what acknowledging costs. Arguments as the hub's."""

import sys

from hub.__main__ import main
from hub.committer import Committer

if __name__ == "__main__":
    setattr(Committer, "_acknowledge", lambda *_: None)  # noqa: B010 - mypy has a word on assigning to a method
    sys.exit(main())
