"""A survey in words: English and simplified Chinese, side by side as in the metric catalogue."""

from datetime import datetime
from zoneinfo import ZoneInfo

from agent.survey.report import Noticed, Remark, Subject

LANGUAGES = ("en", "zh_CN")

_TEXTS: dict[str, tuple[str, str]] = {
    "title": ("Survey of a recorder", "录像机巡检报告"),
    "host": ("Address", "地址"),
    "device": ("Device", "设备"),
    "firmware": ("Firmware", "固件版本"),
    "serial": ("Serial number", "序列号"),
    "surveyed": ("Surveyed", "巡检时间"),
    "clock": ("Clock", "时钟"),
    "time_source": ("Time from", "校时来源"),
    "disks": ("Disks", "硬盘"),
    "disk": ("Disk", "硬盘"),
    "size": ("Size", "容量"),
    "free": ("Free", "剩余"),
    "state": ("State", "状态"),
    "temperature": ("Temperature", "温度"),
    "channels": ("Channels", "通道"),
    "channel": ("Channel", "通道"),
    "name": ("Name", "名称"),
    "camera": ("Camera", "摄像机"),
    "online": ("Online", "在线"),
    "plan": ("Plan", "录像计划"),
    "recording": ("Recording", "正在录像"),
    "oldest": ("Oldest", "最早录像"),
    "newest": ("Newest", "最新录像"),
    "days": ("Days", "天数"),
    "gaps": ("Gaps", "缺口"),
    "longest": ("Longest gap", "最长缺口"),
    "integrity": ("Complete", "完好率"),
    "remarks": ("Remarks", "备注"),
    "summary": ("Result", "结论"),
    "all_well": ("Nothing to remark.", "未发现问题。"),
    "some_bad": ("To look at: {count}.", "发现 {count} 个问题。"),
    "partly": ("Nothing to remark in what was told, but not all was.", "已获取的信息未发现问题，但部分信息未能获取。"),
    "unread": ("It could not be read: neither what it is nor its channels.", "未能读取：设备信息和通道均未获取。"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "unknown": ("not told", "未知"),
    "none": ("none", "无"),
    "continuous": ("always", "全天"),
    "scheduled": ("by schedule", "按计划"),
    "motion": ("on events", "事件触发"),
    "off": ("off", "关闭"),
    "overwrites": ("when full, the oldest recordings give way", "写满后循环覆盖"),
    "stops": ("when full, recording stops", "写满后停止录像"),
    "ntp": ("NTP", "NTP"),
    "manual": ("set by hand", "手动设置"),
    "ahead": ("{seconds} s ahead", "快 {seconds} 秒"),
    "behind": ("{seconds} s behind", "慢 {seconds} 秒"),
    "exact": ("right to {bound} s", "误差在 {bound} 秒以内"),
    "against": (" (compared with this computer's clock, ±{bound} s)", "（与本机时钟比较，±{bound} 秒）"),
    "ok": ("good", "正常"),
    "bad": ("bad", "异常"),
    "missing": ("missing", "缺失"),
    "zone": ("Times are of {zone}, by the recorder's own clock.", "时间为录像机自身时钟，时区 {zone}。"),
    "gap_note": (
        "Gaps: of a minute and longer, in what the plan wanted; full days looked at: {count}.",
        "缺口：最近 {count} 个整日内，计划应录而未录且不少于一分钟的时段。",
    ),
    "target_note": ("Recordings are wanted for {count} days.", "要求录像保存 {count} 天。"),
    "read_only": ("Read only: nothing on the device was changed.", "只读巡检：未更改设备任何设置。"),
    "no_channels": ("It lists no channels.", "设备未列出任何通道。"),
    "channels_untold": ("It did not tell its channels.", "未能获取通道列表。"),
    "seconds": ("s", "秒"),
    "minutes": ("min", "分钟"),
    "hours": ("h", "小时"),
}

_REMARKS: dict[Remark, tuple[str, str]] = {
    Remark.OFFLINE: ("offline", "离线"),
    Remark.VIDEO_LOSS: ("no picture", "视频丢失"),
    Remark.NOT_RECORDING: ("does not record although it should", "应录像而未录像"),
    Remark.PLAN_OFF: ("recording plan is off", "录像计划已关闭"),
    Remark.NO_RECORDINGS: ("no recordings", "没有录像"),
    Remark.SHORT: ("only {figure:.1f} days kept", "仅保存 {figure:.1f} 天"),
    Remark.GAPS: ("{figure:.0f} gaps", "{figure:.0f} 处缺口"),
    Remark.CLOCK: ("clock is off by {figure:+.1f} s", "时钟偏差 {figure:+.1f} 秒"),
    Remark.CLOCK_UNKNOWN: ("its clock could not be read", "无法读取时钟"),
    Remark.NO_NTP: ("sets its clock by no time server", "未启用网络校时"),
    Remark.DISK_BAD: ("disk {name} is not healthy", "硬盘 {name} 异常"),
    Remark.DISK_MISSING: ("disk {name} is missing", "硬盘 {name} 缺失"),
    Remark.NO_DISK: ("no disk", "没有硬盘"),
    Remark.NO_OVERWRITE: ("stops recording when the disks are full", "硬盘写满后停止录像"),
    Remark.NOT_TOLD: ("not told: {name}", "未提供：{name}"),
}


_SUBJECTS: dict[Subject, tuple[str, str]] = {
    Subject.IDENTITY: ("who it is", "设备信息"),
    Subject.CLOCK: ("its clock", "时钟"),
    Subject.TIME: ("where it has the time from", "校时设置"),
    Subject.DISKS: ("its disks", "硬盘"),
    Subject.CHANNELS: ("its channels", "通道"),
    Subject.PLANS: ("its recording plans", "录像计划"),
    Subject.STATES: ("what it is recording now", "当前录像状态"),
    Subject.RECORDINGS: ("what is recorded", "录像检索"),
    Subject.GAPS: ("what is missing in its recordings", "录像缺口"),
}

_SPOKEN = {"isapi": "ISAPI", "dahua": "Dahua CGI", "onvif": "ONVIF"}


class Words:
    """One language, and one time zone for what is told of times. Raises ValueError for a language there is not."""

    def __init__(self, language: str, zone: str) -> None:
        self.language = language
        self._index = LANGUAGES.index(language)
        self._zone = ZoneInfo(zone)

    def __getitem__(self, key: str) -> str:
        return _TEXTS[key][self._index]

    def told(self, key: str, **figures: object) -> str:
        """A sentence with its figures."""
        return self[key].format(**figures)

    def remark(self, noticed: Noticed) -> str:
        """One remark."""
        figure = noticed.figure or 0.0
        name = _SUBJECTS[Subject(noticed.name)][self._index] if noticed.remark is Remark.NOT_TOLD else noticed.name
        # Cut, not rounded: 29.99 days are not 30.
        return _REMARKS[noticed.remark][self._index].format(figure=int(figure * 10) / 10, name=name)

    def spoken(self, language: str) -> str:
        """A language of devices as people call it."""
        return _SPOKEN.get(language, language)

    def truth(self, value: bool | None) -> str:
        """yes, no, or not told."""
        return self["unknown"] if value is None else self["yes" if value else "no"]

    def moment(self, at: float | None) -> str:
        """Date and time to the minute, in the survey's zone."""
        if at is None:
            return self["unknown"]
        try:
            return datetime.fromtimestamp(at, self._zone).strftime("%Y-%m-%d %H:%M")
        except (OverflowError, OSError, ValueError):
            return self["unknown"]

    def duration(self, seconds: float) -> str:
        """In the unit that fits."""
        for unit, length in (("hours", 3600.0), ("minutes", 60.0)):
            if seconds >= length:
                return f"{seconds / length:.1f} {self[unit]}"
        return f"{seconds:.0f} {self['seconds']}"


def size(amount: float | None) -> str:
    """Bytes as disks are sold: powers of a thousand; empty where not told."""
    if amount is None:
        return ""
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
