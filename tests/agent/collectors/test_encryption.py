"""The encryption collector: what it says of volumes, and what it leaves open."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent import tool
from agent.collector import CollectError, Context, NotAvailable, Reading
from agent.collectors.encryption import EncryptedVolume, EncryptionCollector, EncryptionSettings, plugin
from agent.machine.mounts import Mount
from agent.machine.volume import volume_id
from agent.tool import Output
from tests.agent.collectors.loop_disk import loop_disk, require_loop_devices, run
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

SAMPLES = Path(__file__).parent / "samples" / "encryption"
PLAIN = Mount("/dev/sda2", "/", "ext4", "rw")
LUKS = Mount("/dev/mapper/vg-rec", "/srv/rec", "xfs", "rw")
SHARE = Mount("nas:/rec", "/srv/nas", "nfs4", "rw")
NUMBERS = {"/": "8:2", "/srv/rec": "254:2", "/srv/rec/cam": "254:2", "/mnt": "8:2"}


class Lsblk:
    """Prints a sample."""

    def __init__(self, sample: str = "lvm-over-luks") -> None:
        self.output = Output(0, (SAMPLES / f"{sample}.json").read_bytes(), "")

    def __call__(self, arguments: Sequence[str], *, package: str, timeout: float) -> Output:
        return self.output


def number_of(path: str) -> str:
    if path not in NUMBERS:
        raise FileNotFoundError(2, "No such file or directory")
    return NUMBERS[path]


def collector(
    *volumes: EncryptedVolume,
    table: Sequence[Mount] = (PLAIN, LUKS, SHARE),
    state: Path | None = None,
    locking: Mapping[str, bool] | None = None,
) -> EncryptionCollector:
    return EncryptionCollector(
        EncryptionSettings(volume=volumes),
        Context(agent="a", host="h", state=state),
        run=Lsblk(),
        mounts=lambda: table,
        sysfs=Path("/nonexistent"),
        number_of=number_of,
        locking=(locking or {}).get,
    )


def told(reading: Reading) -> dict[str, float]:
    return {one.device: one.values["encrypted"] for one in reading.measurements}


def how(reading: Reading) -> list[object]:
    return [device.facts.get("encryption") for device in reading.devices or ()]


def test_every_mounted_disk_is_told_and_under_the_ids_of_the_volumes() -> None:
    reading = collector(table=[PLAIN, LUKS]).collect()
    assert told(reading) == {volume_id("h", "/"): 0.0, volume_id("h", "/srv/rec"): 1.0}
    assert reading.problem == ""
    assert [device.kind for device in reading.devices or ()] == [DeviceKind.VOLUME] * 2


def test_configured_volumes_are_told_by_their_id_and_by_any_folder_in_them() -> None:
    volumes = EncryptedVolume(path="/srv/rec/cam", id="rec"), EncryptedVolume(path="/mnt")
    assert told(collector(*volumes).collect()) == {"rec": 1.0, "h-mnt": 0.0}


def test_of_what_nobody_can_know_nothing_is_said_but_why() -> None:
    reading = collector(EncryptedVolume(path="/srv/nas", id="nas")).collect()
    assert told(reading) == {}
    assert how(reading) == ["unknown: nfs4 tells nothing of it"]
    assert reading.problem == ""


def test_a_path_that_is_not_there_is_a_problem_and_the_rest_is_told() -> None:
    reading = collector(
        EncryptedVolume(path="/srv/gone", id="gone"), EncryptedVolume(path="/srv/rec", id="rec")
    ).collect()
    assert told(reading) == {"rec": 1.0}
    assert reading.problem == "/srv/gone: No such file or directory"
    assert [device.device for device in reading.devices or ()] == ["gone", "rec"]


def test_a_volume_that_is_mounted_no_more_does_not_read_as_the_one_below(tmp_path: Path) -> None:
    volume = EncryptedVolume(path="/srv/rec", id="rec")
    assert told(collector(volume, state=tmp_path).collect()) == {"rec": 1.0}
    reading = collector(volume, table=[PLAIN], state=tmp_path).collect()
    assert told(reading) == {}
    assert "nothing is mounted there any more" in reading.problem
    assert told(collector(volume, state=tmp_path).collect()) == {"rec": 1.0}


def judged(path: Path | str, table: Sequence[Mount], number: str) -> Reading:
    """By a configured volume of that path, whose device number `stat` tells."""
    one = collector(EncryptedVolume(path=str(path), id="rec"), table=table)
    one._number_of = lambda asked: number
    return one.collect()


def test_a_link_out_of_an_encrypted_volume_is_judged_by_what_it_leads_to(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    (folder / "share").mkdir()
    (folder / "disk").mkdir()
    (folder / "rec").symlink_to("share")
    (folder / "plain").symlink_to("disk")
    root = Mount("/dev/mapper/vg-rec", "/", "xfs", "rw", "254:2")
    table = [
        root,
        Mount("nas:/rec", str(folder / "share"), "nfs4", "rw", "0:50"),
        Mount("/dev/sda2", str(folder / "disk"), "ext4", "rw", "8:2"),
    ]
    reading = judged(folder / "rec", table, "0:50")
    assert (told(reading), how(reading)) == ({}, ["unknown: nfs4 tells nothing of it"])
    assert told(judged(folder / "plain", table, "8:2")) == {"rec": 0.0}
    assert told(judged(folder, table, "254:2")) == {"rec": 1.0}


def test_a_path_that_lies_elsewhere_than_its_mount_is_not_judged() -> None:
    table = [Mount("/dev/mapper/vg-rec", "/", "xfs", "rw", "254:2")]
    for number in ("0:50", "8:2"):
        reading = judged("/srv/rec", table, number)
        assert told(reading) == {}
        assert reading.problem.startswith("/srv/rec: not judged, it does not lie on /dev/mapper/vg-rec")


def test_btrfs_is_found_by_its_device_but_for_the_number_of_another_mount() -> None:
    btrfs = Mount("/dev/mapper/vg-rec", "/srv/rec", "btrfs", "rw", "0:40")
    hiding = Mount("nas:/srv", "/srv", "nfs4", "rw", "0:50")
    for number, expected in (("0:40", {"rec": 1.0}), ("0:41", {"rec": 1.0}), ("0:50", {}), ("8:2", {})):
        assert told(judged("/srv/rec", [btrfs, hiding], number)) == expected
    xfs = btrfs._replace(fstype="xfs")
    assert told(judged("/srv/rec", [xfs], "0:40")) == {}


def test_a_mount_point_that_is_no_utf8_does_not_hide_the_others() -> None:
    odd = Mount("/dev/sdz1", "/media/\udcff", "vfat", "rw", "8:99")
    reading = collector(table=[PLAIN, LUKS, odd]).collect()
    assert told(reading) == {volume_id("h", "/"): 0.0, volume_id("h", "/srv/rec"): 1.0}
    assert reading.problem == r"'/media/\udcff': not judged, the path is no printable UTF-8"


def test_a_self_encrypting_disk_is_taken_on_your_word_unless_the_kernel_knows_better() -> None:
    volume = EncryptedVolume(path="/", id="root", self_encrypting=True)
    for locking in ({}, {"/dev/sda": True}):
        reading = collector(volume, locking=locking).collect()
        assert told(reading) == {"root": 1.0}
        assert how(reading) == ["self-encrypting disk, as configured"]
    reading = collector(volume, locking={"/dev/sda": False}).collect()
    assert told(reading) == {"root": 0.0}
    assert reading.problem == "/: said to be self_encrypting, but locking is not enabled on sda"


def test_folders_that_ecryptfs_encrypts_are() -> None:
    table = [PLAIN, Mount("/srv/.private", "/srv/rec", "ecryptfs")]
    reading = collector(EncryptedVolume(path="/srv/rec", id="rec"), table=table).collect()
    assert told(reading) == {"rec": 1.0}
    assert how(reading) == ["eCryptfs"]


def test_devices_are_told_when_they_change() -> None:
    one = collector(EncryptedVolume(path="/srv/rec", id="rec"))
    assert one.collect().devices is not None
    assert one.collect().devices is None


def test_a_failing_or_missing_lsblk_is_said() -> None:
    one = collector()
    one._run = Lsblk()
    one._run.output = Output(1, b"", "lsblk: failed to access sysfs directory")
    with pytest.raises(CollectError, match="failed to access sysfs"):
        one.collect()

    def missing(arguments: Sequence[str], *, package: str, timeout: float) -> Output:
        return tool.run(["no-such-lsblk"], package=package, timeout=timeout)

    one._run = missing
    with pytest.raises(NotAvailable, match="apt-get install util-linux"):
        one.collect()


def test_all_it_sends_is_declared() -> None:
    assert plugin.metrics == ("encrypted",)
    assert DeviceKind.VOLUME in BY_NAME["encrypted"].kinds
    assert plugin.guest


def of_path(path: Path) -> Reading:
    settings = EncryptionSettings(volume=(EncryptedVolume(path=str(path), id="rec"),))
    return EncryptionCollector(settings, Context(agent="a", host="h")).collect()


def test_this_machine_is_read() -> None:
    if shutil.which("lsblk") is None:
        pytest.skip("lsblk is not installed")
    reading = EncryptionCollector(EncryptionSettings(), Context(agent="a", host="h")).collect()
    assert reading.problem == ""
    assert reading.devices


def test_a_real_plain_disk_is_not_encrypted(tmp_path: Path) -> None:
    with loop_disk(tmp_path) as disk:
        reading = of_path(disk.mount)
    assert told(reading) == {"rec": 0.0}
    assert how(reading) == ["none"]


@contextmanager
def opened_luks(folder: Path) -> Iterator[Path]:
    """A mounted ext4 in a real LUKS container on a loop device, gone at the end."""
    require_loop_devices()
    if shutil.which("cryptsetup") is None:
        pytest.skip("cryptsetup is not installed")
    image, key, mount = folder / "luks.img", folder / "key", folder / "opened"
    with image.open("wb") as file:
        file.truncate(48 * 1024 * 1024)
    key.write_bytes(b"k" * 32)
    mount.mkdir()
    options = ("--type", "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
    run("cryptsetup", "luksFormat", "-q", *options, "--key-file", str(key), str(image))
    assert run("cryptsetup", "isLuks", str(image)) == ""
    device = run("losetup", "--find", "--show", str(image))
    name = f"wk-test-{Path(device).name}"
    try:
        try:
            run("cryptsetup", "open", "--key-file", str(key), device, name)
        except subprocess.CalledProcessError as error:
            pytest.skip(
                f"the kernel opens no LUKS here (device-mapper, dm-crypt): {error.stderr.partition(chr(10))[0]}"
            )
        run("mkfs.ext4", "-q", f"/dev/mapper/{name}")
        run("mount", f"/dev/mapper/{name}", str(mount))
        yield mount
    finally:
        for command in (("umount", "-l", str(mount)), ("cryptsetup", "close", name), ("losetup", "--detach", device)):
            subprocess.run(command, capture_output=True, timeout=30, check=False)


def test_a_real_luks_is_encrypted_and_so_is_a_loop_device_in_it(tmp_path: Path) -> None:
    with opened_luks(tmp_path) as mount:
        reading = of_path(mount)
        assert told(reading) == {"rec": 1.0}
        assert how(reading) == ["LUKS2"]
        inner = mount / "inner"
        inner.mkdir()
        with loop_disk(inner, megabytes=8, inodes=64) as disk:
            assert told(of_path(disk.mount)) == {"rec": 1.0}
