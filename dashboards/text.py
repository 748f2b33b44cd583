"""What people read, in every language a dashboard is made in."""

from typing import Literal, NamedTuple

Language = Literal["en", "zh_CN"]
LANGUAGES: tuple[Language, ...] = ("en", "zh_CN")


class Text(NamedTuple):
    """The same in English and in Chinese."""

    en: str
    zh: str

    def to(self, language: Language) -> str:
        """In that language."""
        return self.en if language == "en" else self.zh


ENDING: dict[Language, str] = {"en": "", "zh_CN": "-zh"}
"""Of the uids of the boards in that language."""

NO_DATA = Text("no data", "无数据")
"""What stands where nothing is known."""

SUFFIX: dict[Language, str] = {"en": "", "zh_CN": "_zh"}
"""A record's texts are fields of their own, one a language: `title`, `title_zh`."""
