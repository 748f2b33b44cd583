"""Rules of a user's own, without code: a metric, a level, the words for a ticket. They take the way of all others."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, FiniteFloat, StringConstraints, create_model, model_validator

from hub.rule import N_, Rule, Runbook, Settings, Severity, Threshold
from wire.messages import DeviceKind
from wire.metrics import BY_NAME
from wire.settings import Table

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
_FIELD = re.compile(r"\{([^{}]*)\}")

MEANING = N_("A limit that is set in this hub's own configuration was crossed.")
WHY = N_("Whoever set the limit wants to know.")


class Words(Table):
    """A text in one language or both; where one is missing, the other stands in for it."""

    en: Line | None = None
    zh_CN: Line | None = None  # noqa: N815 - the locale's name

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, words: Any) -> Any:
        return {"en": words} if isinstance(words, str) else words

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.en is None and self.zh_CN is None:
            raise ValueError("say it in en, in zh_CN, or in both")
        return self

    @property
    def message(self) -> str:
        """What it is known by."""
        return self.en or self.zh_CN or ""


Comparison = Literal["above", "below"]


class OwnSettings(Settings):
    """In the units of the metric. A ticket opens on one side of `raise_at`, the level itself included."""

    comparison: Comparison = "above"
    raise_at: float = 1.0
    clear_at: float = 0.0

    @model_validator(mode="after")
    def _apart(self) -> Self:
        _right_way_round(self.comparison, self.raise_at, self.clear_at)
        return self


class OwnRule(Table):
    """A metric that is to stay on one side of a level. The rule is named as its table is."""

    kinds: Annotated[tuple[DeviceKind, ...], Field(min_length=1)]
    metric: str
    comparison: Comparison
    """On which side of `raise_at` a ticket opens; the level itself counts."""
    raise_at: FiniteFloat
    clear_at: FiniteFloat
    hold_seconds: float = Field(default=300.0, ge=0)
    clear_seconds: float = Field(default=120.0, ge=0)
    flap_seconds: float = Field(default=3600.0, ge=0, le=86_400)
    severity: Severity = Severity.WARNING
    in_key_area: Mapping[str, Any] = {}
    """What is different there, by the names above."""
    title: Words
    summary: Words
    first_step: Words
    meaning: Words = Words(en=MEANING)
    why: Words = Words(en=WHY)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        known = BY_NAME.get(self.metric)
        if known is None:
            raise ValueError(f"there is no metric {self.metric!r}")
        if not set(self.kinds) <= set(known.kinds):
            raise ValueError(f"{self.metric} is measured of: {', '.join(sorted(known.kinds))}")
        _right_way_round(self.comparison, self.raise_at, self.clear_at)
        for text in (self.summary.en, self.summary.zh_CN):
            for name in _FIELD.findall(text or ""):
                if name != self.metric:
                    raise ValueError(f"the summary may name {{{self.metric}}}, not {{{name}}}")
        return self

    def rule(self, name: str) -> Rule:
        """As those of the hub itself."""
        unit = BY_NAME[self.metric].unit
        said = (self.title, self.summary, self.meaning, self.why, self.first_step)
        settings = create_model(
            f"Settings of {name}",
            __base__=OwnSettings,
            severity=(Severity, self.severity),
            hold_seconds=(float, Field(default=self.hold_seconds, ge=0)),
            clear_seconds=(float, Field(default=self.clear_seconds, ge=0)),
            flap_seconds=(float, Field(default=self.flap_seconds, ge=0, le=86_400)),
            comparison=(Comparison, self.comparison),
            raise_at=(float, Field(default=self.raise_at, description=unit)),
            clear_at=(float, Field(default=self.clear_at, description=unit)),
        )
        return Rule(
            name=name,
            kinds=frozenset(self.kinds),
            condition=Threshold(self.metric, _levels),
            summary=self.summary.message,
            settings=settings,
            in_key_area=self.in_key_area,
            runbook=Runbook(self.title.message, self.meaning.message, self.why.message, self.first_step.message),
            translations={text.message: text.zh_CN for text in said if text.zh_CN is not None},
        )


def _right_way_round(comparison: Comparison, raise_at: float, clear_at: float) -> None:
    if comparison == "above" and not clear_at < raise_at:
        raise ValueError("clear_at has to lie below raise_at, or it would open and close without end")
    if comparison == "below" and not clear_at > raise_at:
        raise ValueError("clear_at has to lie above raise_at, or it would open and close without end")


def _levels(settings: OwnSettings) -> tuple[float, float]:
    return settings.raise_at, settings.clear_at
