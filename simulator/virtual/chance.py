"""Chance that comes out the same every time: a stream of its own for each device, so that none disturbs another's."""

import hashlib
import math
import random
from statistics import NormalDist

_BITS = 12
_NORMAL = [NormalDist().inv_cdf((n + 0.5) / (1 << _BITS)) for n in range(1 << _BITS)]
_WIDE = [round(math.exp(0.3 * one), 3) for one in _NORMAL]
"""Looked up rather than computed: a month of one site asks for tens of millions."""


class Chance(random.Random):
    """A stream of numbers; what telemetry is made of comes from tables of 4096 steps."""

    def normal(self, mean: float, spread: float) -> float:
        """Of a normal distribution."""
        return mean + spread * _NORMAL[self.getrandbits(_BITS)]

    def near(self, typical: float) -> float:
        """Never the same, mostly near the typical, now and then twice as much: a duration, a rate."""
        return typical * _WIDE[self.getrandbits(_BITS)]


def stream(seed: int, *names: object) -> Chance:
    """The stream of this seed and these names. Independent of Python's hashes, so alike on every machine."""
    name = "/".join([str(seed), *map(str, names)])
    return Chance(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=16).digest()))


def identifier(chance: random.Random, digits: int) -> str:
    """So many hexadecimal digits, where a real program would take them from the system."""
    return f"{chance.getrandbits(4 * digits):0{digits}x}"
