"""Chance that comes out the same every time: a stream of its own for each device, so that none disturbs another's."""

import hashlib
import random


def stream(seed: int, *names: object) -> random.Random:
    """The stream of this seed and these names. Independent of Python's hashes, so alike on every machine."""
    name = "/".join([str(seed), *map(str, names)])
    return random.Random(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=16).digest()))  # noqa: S311 - a scenery, no secret


def identifier(chance: random.Random, digits: int) -> str:
    """So many hexadecimal digits, where a real program would take them from the system."""
    return f"{chance.getrandbits(4 * digits):0{digits}x}"
