"""The settings that hold for a device: the rule's defaults, those for key areas, the file's, its overrides'."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from hub.check import Check, compile_check
from hub.rule import Rule, Settings
from hub.scope import Area, Override, Whereabouts, area_of
from wire.settings import Place

log = logging.getLogger(__name__)


class Misplaced(Exception):  # noqa: N818 - an answer
    """A setting that can't be: where it stands in the file, and why not."""

    def __init__(self, place: Place, error: ValidationError | ValueError | str) -> None:
        super().__init__(str(error))
        self.place = place
        self.error = error


class Spot(NamedTuple):
    """What a device's place in the fleet comes to: devices with the same one have the same settings."""

    area: str = ""
    key: bool = False
    overrides: tuple[int, ...] = ()
    """Their numbers in the file, from 0, the most specific last."""


class Layer(NamedTuple):
    """Some of a rule's settings, and where they are written: a place in the file, or the words for one."""

    source: Place | str
    values: Mapping[str, Any]


class Effective(NamedTuple):
    """One setting of one rule at one place."""

    rule: str
    name: str
    value: Any
    source: Place | str


OF_THE_RULE, OF_KEY_AREAS = "default of the rule", "default in a key area"


class Scoped(Mapping[str, Settings]):
    """Every rule's settings, everywhere. As a mapping: those that hold where nothing more specific is said."""

    def __init__(
        self,
        rules: Mapping[str, Rule],
        tables: Mapping[str, Mapping[str, Any]],
        areas: Mapping[str, Area],
        overrides: Sequence[Override],
    ) -> None:
        """`tables` are the file's [rules.NAME]. Raises Misplaced at the first that is wrong."""
        self.rules = rules
        self._tables = tables
        self._areas = areas
        self._overrides = overrides
        self._checks: dict[tuple[str, bool, tuple[int, ...]], Check] = {}
        known = f"unknown rule; known: {', '.join(sorted(rules))}"
        for name in tables:
            if name not in rules:
                raise Misplaced(("rules", name), known)
        self._base = {name: self._settled(name, ("rules", name), Spot()) for name in rules}
        for name in rules:
            self._settled(name, ("rules", name), Spot(key=True))
        for number, override in enumerate(overrides):
            if override.area is not None and override.area not in areas:
                raise Misplaced(("override", number, "area"), f"unknown area; known: {', '.join(areas) or 'none'}")
            for name in override.rules:
                place = ("override", number, "rules", name)
                if name not in rules:
                    raise Misplaced(place, known)
                if override.kind is not None and override.kind not in rules[name].kinds:
                    raise Misplaced(place, f"it would never hold: {name} is for {', '.join(sorted(rules[name].kinds))}")
                for key in (False, True):
                    self._settled(name, place, Spot(key=key, overrides=(number,)))

    @classmethod
    def of(cls, rules: Mapping[str, Rule], settings: Mapping[str, Settings]) -> "Scoped":
        """As it is, or from settings that hold everywhere."""
        if isinstance(settings, Scoped):
            return settings
        return cls(rules, {name: dict(settings[name]) for name in rules}, {}, ())

    def __getitem__(self, rule: str) -> Settings:
        return self._base[rule]

    def __iter__(self) -> Iterator[str]:
        return iter(self._base)

    def __len__(self) -> int:
        return len(self._base)

    def spot(self, where: Whereabouts) -> Spot:
        """What this place comes to."""
        area = area_of(self._areas, where) if self._areas else ""
        held = [(one.rank, number) for number, one in enumerate(self._overrides) if one.holds(where, area)]
        return Spot(area, bool(area) and self._areas[area].key, tuple(number for _, number in sorted(held)))

    def check(self, rule: str, spot: Spot) -> Check:
        """The rule, ready to run there. One and the same wherever its settings are the same."""
        touching = tuple(number for number in spot.overrides if rule in self._overrides[number].rules)
        key = rule, spot.key and bool(self.rules[rule].in_key_area), touching
        known = self._checks.get(key)
        if known is None:
            known = self._checks[key] = self._possible(rule, Spot(spot.area, key[1], touching))
        return known

    def everywhere(self, rule: str) -> Iterator[Check]:
        """The rule as it is with each override alone: whether it is ever switched on, and how far it looks."""
        for number in (None, *range(len(self._overrides))):
            if number is None or rule in self._overrides[number].rules:
                for key in (False, True):
                    yield self.check(rule, Spot(key=key, overrides=() if number is None else (number,)))

    def effective(self, rule: str, spot: Spot) -> Iterator[Effective]:
        """Every setting of a rule at a spot, and where it comes from."""
        settings = self.check(rule, spot).settings
        for name in type(settings).model_fields:
            sources = [layer.source for layer in self._layers(rule, spot) if name in layer.values]
            yield Effective(rule, name, getattr(settings, name), sources[-1] if sources else OF_THE_RULE)

    def _layers(self, rule: str, spot: Spot) -> Iterator[Layer]:
        """From the most general to the most specific."""
        if spot.key:
            yield Layer(OF_KEY_AREAS, self.rules[rule].in_key_area)
        yield Layer(("rules", rule), self._tables.get(rule, {}))
        for number in spot.overrides:
            values = self._overrides[number].rules.get(rule)
            if values is not None:
                yield Layer(("override", number, "rules", rule), values)

    def _merged(self, rule: str, spot: Spot) -> Settings:
        values: dict[str, Any] = {}
        for layer in self._layers(rule, spot):
            values.update(layer.values)
        return self.rules[rule].settings.model_validate(values)

    def _settled(self, rule: str, place: Place, spot: Spot) -> Settings:
        """Raises Misplaced."""
        try:
            settings = self._merged(rule, spot)
            compile_check(self.rules[rule], settings)
        except ValueError as error:  # pydantic's is one, too
            raise Misplaced(place, error) from None
        return settings

    def _possible(self, rule: str, spot: Spot) -> Check:
        """Overrides that are right alone may be wrong together: then the more specific ones hold, without the rest."""
        overrides = spot.overrides
        while True:
            try:
                return compile_check(self.rules[rule], self._merged(rule, spot._replace(overrides=overrides)))
            except ValueError as error:
                if not overrides:
                    raise
                log.warning("overrides of rule %s contradict each other, the most general is left out: %s", rule, error)
                overrides = overrides[1:]
