"""A virtual machine: QEMU with KVM where there is one, spoken to through the guest agent. No network leads out of it.

What reaches the disk and what does not is as with a real one: `power_cut` ends QEMU by SIGKILL, and with the disk
opened `cache=none` everything is lost that the guest had not flushed, in its page cache as well as what QEMU itself
keeps of a growing qcow2 file between two flushes. A real power cut does the same to a disk's write cache.
"""

import base64
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.vm.channel import Channel, Silent
from tests.vm.image import Disk, Image

MEMORY_MEGABYTES = 512


def hardware_runs_it() -> bool:
    """Whether there is a KVM that uses the processor's own virtualisation. Others (kvm_pvm, in machines that are
    virtual themselves) have a /dev/kvm too, but run only kernels that were made for them: Debian's hangs."""
    made_for_it = any(Path(f"/sys/module/{module}").is_dir() for module in ("kvm_amd", "kvm_intel"))
    return made_for_it and os.access("/dev/kvm", os.R_OK | os.W_OK)


PATIENCE = 1.0 if hardware_runs_it() else 3.0
"""Every time-out is this many times as long: without KVM the processor is emulated."""

BOOT_SECONDS = 60.0
COMMAND_SECONDS = 30.0
_POLL_SECONDS = 0.05
_LOG_CHARACTERS = 6000

ATA_SERIAL = "WKATA0001"

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

running: "list[Machine]" = []
"""Those that are on: their consoles are shown beside a failed test."""


class MachineFailed(Exception):  # noqa: N818 - a verdict
    """The machine did not do what a machine does; the text ends with its console."""


@dataclass(frozen=True)
class Result:
    """How a command in the machine ended."""

    status: int
    stdout: str
    stderr: str

    def check(self) -> str:
        """Its output. Raises AssertionError where it failed."""
        assert self.status == 0, f"status {self.status}\n{self.stdout}\n{self.stderr}"
        return self.stdout


@dataclass
class Machine:
    """One machine with its root disk. `start` after `power_cut` or `stop` boots it again from the same disks.

    `cache` is the root disk's: `unsafe` where no power is cut. `clock` is what the battery-backed clock says at power
    on, in UTC; the host's time where empty. Other disks are plugged in while it runs (`plug`), and are gone after it
    was off: they are no part of what it boots from. An ATA disk can't be: it is named in `ata`.
    """

    folder: Path
    image: Image
    cache: str = "unsafe"
    clock: str = ""
    kernel_options: str = "rw"
    ata: Disk | None = None
    memory: int = MEMORY_MEGABYTES
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    _guest: Channel | None = field(default=None, init=False)
    _qmp: Channel | None = field(default=None, init=False)
    _sync: int = field(default=0, init=False)

    def start(self) -> Self:
        """Power on; returns when the guest agent inside answers. Raises MachineFailed."""
        self._power_on()
        self._await_guest()
        return self

    def resume(self, state: Path) -> Self:
        """Go on where `save` left a machine with these disks. Raises MachineFailed."""
        self._power_on("-incoming", f"exec:cat {state}")
        self._await_guest(resumed=True)
        self.set_clock(time.time())
        return self

    def save(self, state: Path) -> None:
        """Write what it has in memory to a file, and turn it off: its disks are what `resume` wants beneath it."""
        self.request("stop")
        self.request("migrate-set-parameters", max_bandwidth=1 << 34)
        self.request("migrate", uri=f"exec:cat >{state}")
        while (status := self.request("query-migrate")["status"]) not in {"completed", "failed"}:
            time.sleep(_POLL_SECONDS)
        if status == "failed":
            raise self._failure("its memory could not be saved")
        self.power_cut()

    def _power_on(self, *options: str) -> None:
        assert self._process is None, "it is on"
        program = shutil.which("qemu-system-x86_64")
        assert program is not None, "qemu-system-x86 is not installed: run `make vm`"
        for name in ("qmp", "guest"):
            (self.folder / name).unlink(missing_ok=True)
        with (self.folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, *self._options(), *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        running.append(self)

    def _options(self) -> list[str]:
        accelerated = hardware_runs_it()
        disk = self.image.root
        root = f"file={disk.path},format={disk.format},if=none,id=root,cache={self.cache},discard=unmap"
        options = [
            *("-machine", "q35", "-accel", "kvm" if accelerated else "tcg,tb-size=256"),
            # KVM in a machine that is virtual itself may refuse to set that register, and QEMU ends at that.
            *("-cpu", "host,-arch-capabilities" if accelerated else "max"),
            *("-smp", "1", "-m", str(self.memory), "-nodefaults", "-display", "none", "-no-user-config"),
            *("-kernel", str(self.image.kernel), "-initrd", str(self.image.initrd)),
            *("-append", f"root=/dev/vda console=ttyS0 quiet panic=-1 {self.kernel_options}"),
            *("-serial", f"file:{self.folder / 'console.log'}"),
            *("-qmp", f"unix:{self.folder / 'qmp'},server=on,wait=off"),
            *("-device", "virtio-serial-pci"),
            *("-chardev", f"socket,id=guest,path={self.folder / 'guest'},server=on,wait=off"),
            *("-device", "virtserialport,chardev=guest,name=org.qemu.guest_agent.0"),
            *("-drive", root, "-device", "virtio-blk-pci,drive=root", "-device", "virtio-rng-pci"),
            # Where disks are plugged in: `plug`.
            *("-device", "virtio-scsi-pci,id=scsi", "-device", "qemu-xhci,id=usb"),
            *("-device", "pcie-root-port,id=bay,chassis=1"),
        ]
        if self.ata is not None:
            options += ["-drive", f"file={self.ata.path},format={self.ata.format},if=none,id=ata,cache=unsafe"]
            options += ["-device", f"ide-hd,drive=ata,bus=ide.0,serial={ATA_SERIAL},model=WATCHKEEPER TESTDISK"]
        if self.clock:
            options += ["-rtc", f"base={self.clock}"]
        return options

    def _await_guest(self, *, resumed: bool = False) -> None:
        deadline = time.monotonic() + BOOT_SECONDS * PATIENCE
        while True:
            if self._process is None or self._process.poll() is not None:
                raise self._failure("QEMU ended")
            if time.monotonic() > deadline:
                raise self._failure("the guest agent does not answer")
            try:
                if self._qmp is None:
                    self._qmp = Channel(self.folder / "qmp")
                    self._qmp.ask("qmp_capabilities")
                if resumed:
                    resumed = not self._continued()
                    continue
                if self._guest is None:
                    self._guest = Channel(self.folder / "guest")
            except (OSError, Silent):
                time.sleep(_POLL_SECONDS)
                continue
            if self._synchronise(1.0):
                return

    def _continued(self) -> bool:
        """Let it run once its memory has been read; whether it runs."""
        if self.request("query-status")["status"] == "inmigrate":
            time.sleep(_POLL_SECONDS)
            return False
        self.request("cont")
        return True

    def _synchronise(self, timeout: float) -> bool:
        assert self._guest is not None
        self._sync += 1
        return self._guest.synchronise(self._sync, timeout=timeout)

    # What is done in it

    def run(self, command: str, *, timeout: float = COMMAND_SECONDS) -> Result:
        """A line of shell, as root, to its end. Raises MachineFailed where it does not end in time."""
        process = self._spawn(command)
        deadline = time.monotonic() + timeout * PATIENCE
        while not (state := self._ask("guest-exec-status", {"pid": process}))["exited"]:
            if time.monotonic() > deadline:
                raise self._failure(f"did not end within {timeout * PATIENCE:g} s: {command}")
            time.sleep(_POLL_SECONDS)
        return Result(state.get("exitcode", -state.get("signal", 0)), _text(state, "out"), _text(state, "err"))

    def _spawn(self, command: str) -> object:
        arguments: dict[str, object] = {
            "path": "/bin/sh",
            "arg": ["-c", command],
            "env": [f"PATH={SEARCH_PATH}", "HOME=/root", "LC_ALL=C.UTF-8"],
            "capture-output": True,
        }
        return self._ask("guest-exec", arguments)["pid"]

    def write_file(self, path: str, content: str | bytes, mode: str = "0644") -> None:
        """Put a file into it, on its disk when this returns."""
        body = content.encode() if isinstance(content, str) else content
        self.run(f"mkdir -p {Path(path).parent}").check()
        handle = self._ask("guest-file-open", {"path": path, "mode": "w"})
        for start in range(0, len(body), 1 << 20):
            part = base64.b64encode(body[start : start + (1 << 20)]).decode()
            self._ask("guest-file-write", {"handle": handle, "buf-b64": part}, timeout=30.0)
        self._ask("guest-file-close", {"handle": handle})
        self.run(f"chmod {mode} {path} && sync {path}").check()

    def read_file(self, path: str) -> str:
        """The text of a file in it."""
        return self.run(f"cat {path}").check()

    def wait_until(self, command: str, *, timeout: float = COMMAND_SECONDS) -> str:
        """Return the output of a line of shell once it succeeds. Raises AssertionError with its last word."""
        deadline = time.monotonic() + timeout * PATIENCE
        while (result := self.run(command, timeout=timeout)).status != 0:
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout * PATIENCE:g} s: {command}\n{result.stdout}{result.stderr}")
            time.sleep(_POLL_SECONDS * 2)
        return result.stdout

    def _ask(self, command: str, arguments: dict[str, object], *, timeout: float = 20.0) -> Any:
        assert self._guest is not None, "it is off"
        try:
            return self._guest.ask(command, arguments, timeout=timeout * PATIENCE)
        except Silent as error:
            raise self._failure(f"{command}: {error}") from None

    # What is done to it

    def power_cut(self) -> None:
        """Pull the plug: nothing in the machine gets to do anything more."""
        assert self._process is not None, "it is off"
        self._process.send_signal(signal.SIGKILL)
        self._off()

    def stop(self) -> None:
        """Shut down in order. Raises MachineFailed where that takes too long."""
        assert self._process is not None, "it is off"
        self._spawn("systemctl poweroff")
        try:
            self._process.wait(60.0 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.power_cut()
            raise self._failure("did not shut down") from None
        self._off()

    def kill(self) -> None:
        """End it when nothing of it is wanted any more; harmless when it is off."""
        if self._process is not None:
            self.power_cut()

    def reboot(self) -> None:
        """An orderly reboot, from the inside; returns when the guest agent answers again."""
        assert self._qmp is not None, "it is off"
        self._spawn("systemctl reboot")
        self._qmp.hear("RESET", timeout=60.0 * PATIENCE)
        self._await_guest()

    def boot_id(self) -> str:
        """The kernel's id of this boot."""
        return self.read_file("/proc/sys/kernel/random/boot_id").strip()

    def set_clock(self, seconds: float) -> None:
        """Set the wall clock (seconds since 1970 UTC), as an administrator does."""
        self.run(f"date -u -s @{seconds:.3f}").check()

    def request(self, command: str, **arguments: object) -> Any:
        """A command to QEMU itself (QMP)."""
        assert self._qmp is not None, "it is off"
        return self._qmp.ask(command, {key.replace("_", "-"): value for key, value in arguments.items()})

    def plug(self, kind: str, name: str, disk: Path, **properties: object) -> None:
        """Plug in a disk (raw) while it runs: `usb-storage`, `scsi-hd` or `nvme`. It may take the guest a moment to
        see it."""
        buses = {"usb-storage": "usb.0", "scsi-hd": "scsi.0", "nvme": "bay"}
        backing = {"driver": "file", "filename": str(disk), "locking": "off"}
        node = {"driver": "raw", "node_name": f"{name}-disk", "file": backing}
        self.request("blockdev-add", **node)
        self.request("device_add", driver=kind, id=name, bus=buses[kind], drive=f"{name}-disk", **properties)

    def unplug(self, name: str) -> None:
        """Pull out the device with this id; returns when it is gone."""
        assert self._qmp is not None, "it is off"
        self.request("device_del", id=name)
        while self._qmp.hear("DEVICE_DELETED", timeout=20.0 * PATIENCE).get("device") != name:
            pass

    def console(self) -> str:
        """The end of what it and QEMU printed."""
        texts = []
        for name in ("console.log", "qemu.log"):
            path = self.folder / name
            texts.append(path.read_text(errors="replace")[-_LOG_CHARACTERS:] if path.exists() else "")
        return "\n".join(texts)

    def _off(self) -> None:
        assert self._process is not None
        self._process.wait()
        self._process = None
        for channel in (self._guest, self._qmp):
            if channel is not None:
                channel.close()
        self._guest = self._qmp = None
        running.remove(self)

    def _failure(self, what: str) -> MachineFailed:
        return MachineFailed(f"{what}\n{self.console()}")


def _text(state: dict[str, object], stream: str) -> str:
    return base64.b64decode(str(state.get(f"{stream}-data", ""))).decode(errors="replace")
