"""Which of our languages a person reads."""

from collections.abc import Iterable

from hub.locale.catalogue import DEFAULT, LOCALES


def match(tag: str) -> str | None:
    """The locale for one language tag (`zh-Hans-CN`, `zh_TW`, `en-GB`), or None. All Chinese falls to zh_CN."""
    language = tag.strip().replace("_", "-").split("-")[0].lower()
    return next((locale for locale in LOCALES if locale.split("_")[0] == language), None)


def accepted(header: str) -> list[str]:
    """The tags of an Accept-Language header, the best first; what is malformed or has q=0 is left out."""
    weighed: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            weight = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        if tag and 0 < weight <= 1:
            weighed.append((weight, tag))
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]


def negotiate(wishes: Iterable[str | None], header: str | None) -> str:
    """The first of `wishes` (address, cookie) we have, else the best of the Accept-Language header, else English."""
    for tag in (*wishes, *accepted(header or "")):
        found = match(tag) if tag else None
        if found:
            return found
    return DEFAULT
