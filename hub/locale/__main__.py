"""`python -m hub.locale --update | --check`: keep the catalogues and the source in step."""

import argparse
import sys
from collections.abc import Sequence

from hub.locale.catalogue import DEFAULT, LOCALES, faults, path, update


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every catalogue is complete (or was written), 1 with the faults on standard error."""
    parser = argparse.ArgumentParser(prog="python -m hub.locale", description=__doc__)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--update", action="store_true", help="merge the messages of the source into the catalogues")
    way.add_argument("--check", action="store_true", help="fail when a message is missing, untranslated or left over")
    options = parser.parse_args(arguments)
    found = 0
    for locale in (locale for locale in LOCALES if locale != DEFAULT):
        if options.update:
            update(locale)
        lines = faults(locale)
        found += len(lines)
        for line in lines:
            print(f"{path(locale).name} {locale}: {line}", file=sys.stderr)
    return 1 if found and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
