"""What the configuration says about pictures: `[collectors.pictures]`."""

from typing import Annotated

from pydantic import Field

from agent.collector import Settings
from agent.pictures.verdict import Limits
from wire.ids import ShortText, SlugId

_Ratio = Annotated[float, Field(ge=0, le=1)]


class PicturesSettings(Settings):
    """`[collectors.pictures]`. Runs untold beside `cameras` and `recorders`, and takes its devices and accounts from
    them."""

    interval_seconds: float = Field(default=60.0, ge=0.05, le=86_400.0)
    """From the start of one run to the start of the next. Each run takes the pictures that are due, not all of them."""
    timeout_seconds: float = Field(default=60.0, ge=0.05, le=3_600.0)
    """A run that takes longer counts as failed; after eight tenths of it what is left waits for the next."""
    picture_seconds: float = Field(default=600.0, ge=0.05, le=86_400.0)
    """How often a picture is taken of each camera and channel."""
    device_timeout_seconds: float = Field(default=10.0, gt=0, le=60)
    """How long a device may take for a picture."""
    exclude: list[SlugId] = Field(default=[], max_length=4096)
    """Cameras and channels of which no pictures are taken; a recorder stands for all its channels."""
    ptz: list[SlugId] = Field(default=[], max_length=4096)
    """Cameras that are turned: each of up to four views is learned by itself, and more pictures are learned from."""
    relearn: dict[SlugId, ShortText] = Field(default={}, max_length=4096)
    """Device id = any text, such as "2026-11-28": when it changes, that device's baseline is learned anew. To be given
    when a camera was turned, cleaned or refocused on purpose."""
    learn_pictures: int = Field(default=72, ge=8, le=10_000)
    """Pictures in one kind of light (day, twilight, night) that are learned from before anything is judged in it."""
    blurred_below: _Ratio = 0.5
    """Sharpness against the baseline below which a picture is blurred."""
    dirty_above: _Ratio = 0.12
    """Share of the view that lost its detail from which on the lens is dirty or webbed."""
    moved_below: _Ratio = 0.65
    """Likeness to every known view below which the camera has moved."""
    white_above: _Ratio = 0.3
    """Share of the picture, beyond the usual, that may be burnt out before it is too bright."""
    infrared_below: _Ratio = 0.45
    """Brightness of a night picture, against the baseline, below which the infra-red light is dead."""
    dark_below: _Ratio = 0.12
    """Mean brightness below which a picture is too dark, at hours at which it is always light."""

    @property
    def limits(self) -> Limits:
        """What is wrong, and what is not."""
        return Limits(
            self.blurred_below,
            self.dirty_above,
            self.moved_below,
            self.white_above,
            self.infrared_below,
            self.dark_below,
        )
