"""Whether volumes lie encrypted on their disks: dm-crypt (LUKS, VeraCrypt, BitLocker …) below them, or fscrypt.

Read from `lsblk` and /sys; needs no rights. `encrypted` is 1 only when every way from the volume down to a disk crosses
an encrypting layer: LVM over LUKS does, RAID over two disks of which one is LUKS does not. It is left out, and the fact
`encryption` says why, where nobody can know: network shares, ZFS, mappings of an unknown kind. That a file system is
encrypted in part only (single folders, eCryptfs above it) is seen where the volume's path is such a folder.

A disk that encrypts itself (Opal) looks like any other from here: what the kernel can tell proves nothing, so such a
volume reads 0 until its configuration says `self_encrypting`. That is then taken on your word and told as such, unless
the kernel knows better (with CAP_SYS_ADMIN and read access to the disk it says when locking is not enabled at all).

The values are of the devices that collector `volumes` tells; where that one has an `id`, give the same here.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from agent import tool
from agent.collector import CollectError, Collector, Context, Measurement, Need, Plugin, Reading, Settings
from agent.machine.at_rest import Layers, Verdict, device_number, folder_encrypts
from agent.machine.lsblk import COLUMNS, Block, parse
from agent.machine.mounts import Mount, Mounts, disk_mounts, every_mount, found, holding, is_at
from agent.machine.opal import locking_enabled
from agent.machine.volume import volume_id
from agent.memory import Memory
from agent.tool import Output
from wire.ids import SlugId
from wire.messages import Device, DeviceKind

PACKAGE = "util-linux"
LSBLK_SECONDS = 15.0


class Run(Protocol):
    """Runs a program, as `agent.tool.run` does."""

    def __call__(self, arguments: Sequence[str], *, package: str, timeout: float) -> Output:
        """Raises NotAvailable and CollectError."""
        ...


class EncryptedVolume(BaseModel):
    """One volume to look at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(pattern="^/", max_length=1000)]
    """Where it is mounted, or any folder in it."""
    id: SlugId | None = None
    """Its device id, as in `[[collectors.volumes.volume]]`; left out, one is made of host and path, as there."""
    self_encrypting: bool = False
    """Its disks encrypt themselves and lock when they lose power. Nobody can see that from here: say it only when you
    have set it up and tried it."""


class EncryptionSettings(Settings):
    """`[[collectors.encryption.volume]]`, or none of them for every mounted disk file system."""

    interval_seconds: float = Field(default=900.0, ge=10.0, le=86_400.0)
    """From the start of one run to the start of the next."""
    volume: Annotated[tuple[EncryptedVolume, ...], Field(max_length=64)] = ()
    """The volumes to look at; none means every mounted disk."""


class MountedMemory(BaseModel):
    """Paths once seen as mount points of their own."""

    paths: list[str] = []


class EncryptionCollector:
    """All volumes in one run: nothing is asked of a file system that may block."""

    def __init__(
        self,
        settings: EncryptionSettings,
        context: Context,
        *,
        run: Run = tool.run,
        mounts: Mounts | None = None,
        sysfs: Path = Path("/sys"),
        number_of: Callable[[str], str] = device_number,
        locking: Callable[[str], bool | None] = locking_enabled,
    ) -> None:
        self._settings = settings
        self._host = context.host
        self._run = run
        self._mounts = mounts or (every_mount if settings.volume else disk_mounts)
        self._sysfs = sysfs
        self._number_of = number_of
        self._locking = locking
        self._memory = Memory(context.state, "mounted", MountedMemory)
        self._mounted = set((self._memory.recall() or MountedMemory()).paths)
        self._told: list[Device] = []

    def collect(self) -> Reading:
        """One run. Raises NotAvailable and CollectError where lsblk does not answer."""
        table = self._mounts()
        output = self._run(["lsblk", "--json", "--output", COLUMNS], package=PACKAGE, timeout=LSBLK_SECONDS)
        if not output.stdout.strip() and output.status != 0:
            raise CollectError(f"lsblk failed: {output.stderr or output.status}")
        blocks = parse(output.stdout)
        measurements: list[Measurement] = []
        devices: list[Device] = []
        volumes, problems = self._volumes(table)
        for volume in volumes:
            verdict, problem = self._look(volume, table, blocks)
            problems += [problem] if problem else []
            devices.append(self._device(volume, verdict))
            if verdict is not None and verdict.encrypted is not None:
                measurements.append(Measurement(devices[-1].device, {"encrypted": float(verdict.encrypted)}))
        changed, self._told = devices != self._told, devices
        return Reading(measurements, devices=devices if changed else None, problem="; ".join(problems))

    def _volumes(self, table: Sequence[Mount]) -> tuple[Sequence[EncryptedVolume], list[str]]:
        """The configured ones, else those found; and the problems of the others."""
        if self._settings.volume:
            return self._settings.volume, []
        paths = [one.mountpoint for one in found(table)]
        # A path that is no UTF-8 fits no message: one such stick must not hide the others.
        odd = [path for path in paths if not path.isprintable()]
        volumes = [EncryptedVolume(path=path) for path in paths if path.isprintable()]
        return volumes, [f"{path!r}: not judged, the path is no printable UTF-8" for path in odd]

    def _look(
        self, volume: EncryptedVolume, table: Sequence[Mount], blocks: Mapping[str, Block]
    ) -> tuple[Verdict | None, str]:
        """What is known of a volume (None where it isn't there), and what is wrong."""
        mount, path = _seen(table, volume.path)
        if is_at(mount, path):
            self._note_mounted(volume.path)
        elif volume.path in self._mounted:
            return None, f"{volume.path}: nothing is mounted there any more"
        if mount is None:
            return None, f"{volume.path}: no file system holds it"
        try:
            return self._judge(volume, mount, table, blocks)
        except OSError as error:
            return None, f"{volume.path}: {error.strerror or error}"

    def _judge(
        self, volume: EncryptedVolume, mount: Mount, table: Sequence[Mount], blocks: Mapping[str, Block]
    ) -> tuple[Verdict, str]:
        """Raises OSError where its path can't be reached."""
        if mount.fstype == "ecryptfs":
            return Verdict(True, "eCryptfs"), ""
        if mount.device and not mount.device.startswith("/dev/"):
            # ZFS, network shares, FUSE: no block device, and a dead share would hold us.
            return Verdict(None, f"unknown: {mount.fstype or mount.device} tells nothing of it"), ""
        number = self._number_of(volume.path)
        if not _agrees(number, mount, table):
            problem = f"{volume.path}: not judged, it does not lie on {mount.device}, which is mounted there"
            return Verdict(None, "unknown: another file system than the mount table says"), problem
        block = self._layers(blocks).find(number, mount.device if mount.fstype == "btrfs" else "")
        if block is None:
            return Verdict(None, "unknown: its block device is not shown"), ""
        declared, problem = self._declared(volume, block, blocks)
        verdict = self._layers(blocks, declared).judge(block)
        if not verdict.encrypted and folder_encrypts(volume.path):
            verdict = Verdict(True, "fscrypt")
        return verdict, problem

    def _layers(self, blocks: Mapping[str, Block], declared: Collection[str] = ()) -> Layers:
        return Layers(blocks, self._sysfs, declared, self._number_of)

    def _declared(
        self, volume: EncryptedVolume, block: Block, blocks: Mapping[str, Block]
    ) -> tuple[Sequence[str], str]:
        """Which of its disks encrypt themselves, as configured and not known to be otherwise."""
        if not volume.self_encrypting:
            return (), ""
        disks = self._layers(blocks).disks(block)
        refuted = [disk for disk in disks if self._locking(f"/dev/{disk}") is False]
        problem = f"{volume.path}: said to be self_encrypting, but locking is not enabled on {', '.join(refuted)}"
        return [disk for disk in disks if disk not in refuted], problem if refuted else ""

    def _note_mounted(self, path: str) -> None:
        if path not in self._mounted and self._settings.volume:
            self._mounted.add(path)
            configured = {volume.path for volume in self._settings.volume}
            self._memory.remember(MountedMemory(paths=sorted(self._mounted & configured)))

    def _device(self, volume: EncryptedVolume, verdict: Verdict | None) -> Device:
        return Device(
            device=volume.id or volume_id(self._host, volume.path),
            kind=DeviceKind.VOLUME,
            name=volume.path[:200],
            parent=self._host,
            facts={"path": volume.path} | ({"encryption": verdict.how[:200]} if verdict is not None else {}),
        )

    def close(self) -> None:
        """Nothing is held."""


def _seen(table: Sequence[Mount], path: str) -> tuple[Mount | None, str]:
    """The mount that a path leads to, over links as `stat` follows them, and where that is."""
    mount = holding(table, path)
    if mount is not None and mount.device and not mount.device.startswith("/dev/"):
        return mount, path  # a dead share would hold us, and tells nothing anyway
    real = os.path.realpath(path)
    return holding(table, real), real


def _agrees(number: str, mount: Mount, table: Sequence[Mount]) -> bool:
    """Whether a path of that device number can lie in the mount: mounts may lie hidden below others."""
    if not mount.number or number == mount.number:
        return True
    # Each subvolume of btrfs has a number that the mount table does not know.
    return mount.fstype == "btrfs" and number.startswith("0:") and all(one.number != number for one in table)


def build(settings: EncryptionSettings, context: Context) -> Sequence[Collector]:
    """The collector of these settings."""
    return [EncryptionCollector(settings, context)]


plugin = Plugin(
    "encryption",
    EncryptionSettings,
    build,
    metrics=("encrypted",),
    needs=(
        Need("`lsblk`", "it tells what lies on what", PACKAGE),
        Need("search permission on the way to each path", "a volume that can't be reached is not judged"),
        Need(
            "CAP_SYS_ADMIN and read access to the disks",
            "only to check what is said to be `self_encrypting`; without, it is taken on your word",
        ),
    ),
    guest=True,
)
