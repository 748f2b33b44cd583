"""How rare a number is among those that came before: a tail probability from a stream, in a few bytes.

Peaks over a threshold: the numbers above a high quantile follow a generalised Pareto distribution, whatever the numbers
themselves follow, so that its fit tells how rare something is that was never seen. After A. Siffer, P.-A. Fouque,
A. Termier, C. Largouet, "Anomaly Detection in Streams with Extreme Value Theory" (KDD 2017), where the fit is by
likelihood over all peaks; here it is by moments (J. R. M. Hosking, J. R. Wallis, Technometrics 29, 1987) that are
forgotten exponentially, so nothing grows. Below the threshold the probability is interpolated.
"""

from math import exp, log, sqrt

RATE = 0.02
"""The share of numbers with which a peak above the threshold begins."""

LOG_RATE = log(RATE)

MEMORY = 100
"""Peaks after which the weight of one has fallen to a third: five thousand numbers."""

PRIOR = 8.0
PRIOR_MEAN = 0.3
"""Peaks that the prior counts for, and their mean in thresholds."""

SHAPE_PRIOR = 30.0
HEAVIEST = 0.2
"""Bounds of the tail's shape: of a heavier tail neither moment would be known after a few hundred peaks."""

LIGHTEST = -0.1
CLIP = 6.0
"""A peak counts at most so many times the mean peak: one outlier must not make the next look usual."""


class Tail:
    """Of numbers ≥ 0 whose usual size is about 1. Learns in `learn`, judges in `rarity`.

    Numbers that stay above the threshold are one peak, as high as the highest of them (runs declustering, S. Coles,
    "An Introduction to Statistical Modeling of Extreme Values", 2001): something that lasts happens once.
    """

    __slots__ = ("_excess", "_peaks", "_seen", "_square", "_top", "threshold")

    def __init__(self, threshold: float = 2.0) -> None:
        """`threshold`: where to begin to look for it."""
        self.threshold = threshold
        self._seen = 0
        self._peaks = 0
        self._excess = 0.0
        self._square = 0.0
        self._top = 0.0

    def rarity(self, number: float) -> float:
        """The natural logarithm of the probability that a usual number is so large; ≤ 0, and never minus infinity."""
        over = number - self.threshold
        if over <= 0:
            return LOG_RATE * number / self.threshold
        mean, shape = self._fit()
        scale = mean * (1 - shape)
        if abs(shape) < 0.01:
            return LOG_RATE - over / scale
        inside = 1 + shape * over / scale
        # A light tail ends somewhere; what lies beyond is rarer than anything, and the further the rarer.
        return LOG_RATE - (log(inside) / shape if inside > 1e-6 else 138.0 + min(over / scale, 500.0))

    def beyond(self, peaks: float) -> float:
        """What lies so many mean peaks above the threshold."""
        return self.threshold + peaks * self._fit()[0]

    def learn(self, number: float) -> None:
        """The next number."""
        self._seen += 1
        if number > self.threshold:
            begins = self._top == 0.0
            self._top = max(self._top, number)
            if not begins:
                return
            change = 1 - RATE
        else:
            if self._top:
                self._peak(max(self._top - self.threshold, 0.0))
                self._top = 0.0
            change = -RATE
        step = max(1.0 / sqrt(self._seen), 0.02)
        self.threshold = min(max(self.threshold * exp(step * change), 1e-3), 1e6)

    def copy(self) -> "Tail":
        """One of its own, that knows the same."""
        other = Tail.__new__(Tail)
        for name in Tail.__slots__:
            setattr(other, name, getattr(self, name))
        return other

    def relearn(self) -> None:
        """Usual numbers are others from now on: what is known is only a beginning."""
        self._seen = min(self._seen, 50)
        self._peaks = min(self._peaks, 2)

    def _peak(self, over: float) -> None:
        mean, _ = self._fit()
        over = min(over, CLIP * mean)
        self._peaks += 1
        weight = max(1.0 / self._peaks, 1.0 / MEMORY)
        self._excess += weight * (over - self._excess)
        self._square += weight * (over * over - self._square)

    def _fit(self) -> tuple[float, float]:
        """Mean of the peaks, and the shape of their distribution."""
        peaks = min(self._peaks, MEMORY)
        mean = (peaks * self._excess + PRIOR * PRIOR_MEAN * self.threshold) / (peaks + PRIOR)
        spread = self._square - self._excess * self._excess
        shape = 0.5 * (1 - self._excess * self._excess / spread) if spread > 0 else 0.0
        shape = (peaks * min(max(shape, LIGHTEST), HEAVIEST) + SHAPE_PRIOR * 0.05) / (peaks + SHAPE_PRIOR)
        return mean, shape
