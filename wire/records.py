"""The catalogue of records: what the hub keeps in SQL and writes into InfluxDB besides, so that Grafana needs no more.

A record is a row of a measurement of its own. Its series and time never change, and writing it again changes nothing:
what may change is a field, never a tag. Times are those of SQL, to the millisecond; the nanoseconds below tell apart
two rows of one series and moment. Fields are floats or strings; a yes or no is 1 or 0, a time is milliseconds UTC since
1970, and what is not known is absent: never 0. InfluxDB takes no field away, so a text that is gone is "", a
ticket's `resolved_at` is 0 while it is open (what marks its time in Grafana takes that for no end), and its
`duration_seconds` counts only where `open` is 0: it may have been opened again.

No tag counts up for ever (InfluxDB 1.x refuses the 100,001st value of one): a ticket's number is a field. So are its
device and rule, for a ticket follows its root cause and may be about another device tomorrow; REPAIR has them by rule.
"""

from typing import Literal, NamedTuple

Tier = Literal["raw", "hourly", "daily"]
"""The database: as long as it keeps its values, a record is kept."""

FieldType = Literal["float", "string"]

EVERYWHERE = "*"
"""The tag of what concerns every site, or every device of its site. No id can be this."""


class Field(NamedTuple):
    """What a field means. `unit` as in wire.metrics, "ms" for a time (UTC, since 1970), "" for a text."""

    name: str
    type: FieldType
    unit: str
    en: str
    zh_CN: str  # noqa: N815 - named as the locale is


class Record(NamedTuple):
    """A measurement of records: what one row is, at which time it stands."""

    name: str
    tier: Tier
    tags: tuple[str, ...]
    fields: tuple[Field, ...]
    en: str
    zh_CN: str  # noqa: N815 - named as the locale is

    def field(self, name: str) -> Field:
        """The field of that name. Raises KeyError."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


def _text(name: str, en: str, zh: str) -> Field:
    return Field(name, "string", "", en, zh)


def _number(name: str, en: str, zh: str, unit: str = "1") -> Field:
    return Field(name, "float", unit, en, zh)


def _time(name: str, en: str, zh: str) -> Field:
    return Field(name, "float", "ms", en, zh)


SEVERITIES = ("info", "warning", "critical")
"""In order: a rank is the place in here, from 0."""

_TYPES = {
    "camera": "profiles_changed",
    "device": "firmware_changed rebooted replaced",
    "door": "access_denied access_granted access_not_taken access_taken alarm closed "
    "duress fault flood mode_changed opened tamper",
    "footage": "downloaded played_back read",
    "hardware": "address_conflict fan_failure flood illegal_login network_lost power_failure "
    "recording_failure storage_failure storage_full tamper temperature_critical video_loss",
    "host": "rebooted",
    "power": "on_battery restored",
    "process": "restarted",
    "recorder": "account_added account_changed account_removed configured disk_formatted "
    "login login_failed operation restarted time_set",
    "recording": "gap",
    "volume": "remounted_read_only remounted_read_write",
}
FAMILIES = tuple(_TYPES)
"""What an event's type may begin with to be a tag of its own; all else is OTHER, whatever agents may send."""
EVENT_TYPES = frozenset(f"{family}.{name}" for family, names in _TYPES.items() for name in names.split())
"""The types of events that our agents send: these are tags, all others are OTHER."""
OTHER = "other"

PERIODS = ("day", "month")
RATES = ("online", "integrity", "picture", "clock")
"""The inspector's four rates: `{rate}_ratio`, and of how many devices it speaks, `{rate}_devices`."""

_NUMBER = _number("number", "Ticket number", "工单号")
_DEVICE = _text("device", "Device it is about now", "当前所涉设备")
_RULE = _text("rule", "Rule it is about now", "当前所涉规则")
_SEVERITY = _text("severity", "Severity: info, warning, critical", "严重程度：info、warning、critical")
_RANK = _number("severity_rank", "Severity: 0 info, 1 warning, 2 critical", "严重程度：0 提示，1 警告，2 严重")
_NAME = _text("device_name", "Name of the device, or its id where nobody gave one", "设备名称；无名称时为其标识")
_KIND = _text("kind", "Kind of device", "设备类型")
_AGENT = _text("agent", "Agent that watches the device", "监视该设备的代理")
_TITLE = _text("title", "Title, in English", "标题（英文）")
_TITLE_ZH = _text("title_zh", "Title, in Chinese", "标题（中文）")
_TEXT = _text("text", "In words, in English", "说明（英文）")
_TEXT_ZH = _text("text_zh", "In words, in Chinese", "说明（中文）")
_PATH = _text("url_path", "Path of the ticket in the console", "工单在控制台中的路径")

TICKET = Record(
    "ticket",
    "daily",
    ("site",),
    (
        _NUMBER,
        _DEVICE,
        _RULE,
        _number("open", "Open: 1, resolved: 0", "未解决为 1，已解决为 0"),
        _SEVERITY,
        _RANK,
        _time("since_at", "When the fault began", "故障开始时间"),
        _time("opened_at", "When the ticket was opened", "工单开启时间"),
        _time("resolved_at", "When it was resolved; 0 while it is open", "解决时间；未解决时为 0"),
        _number(
            "duration_seconds",
            "From the fault's beginning until it was resolved; counts only where open is 0",
            "从故障开始到解决的时长；仅当 open 为 0 时有效",
            "s",
        ),
        _KIND,
        _AGENT,
        _NAME,
        _text("room", "Room of the device", "设备所在房间"),
        _TITLE,
        _TITLE_ZH,
        _text("summary", "What is wrong, in English", "故障说明（英文）"),
        _text("summary_zh", "What is wrong, in Chinese", "故障说明（中文）"),
        _PATH,
        _number("consequences", "Findings that this fault explains", "由该故障引起的后果数"),
        _number("flaps", "How often it came back soon after it was over", "恢复后很快复发的次数"),
    ),
    "A ticket, at the time it was opened",
    "工单，时间为开启时间",
)

TICKET_EVENT = Record(
    "ticket_event",
    "daily",
    ("site",),
    (
        _NUMBER,
        _DEVICE,
        _RULE,
        _text("what", "What happened: opened, resolved, reopened, worsened, …", "事项：opened、resolved、reopened 等"),
        _TEXT,
        _TEXT_ZH,
        _TITLE,
        _TITLE_ZH,
        _SEVERITY,
        _RANK,
        _NAME,
        _PATH,
    ),
    "A line of a ticket's timeline, at its time",
    "工单时间线上的一条记录",
)

EVENT = Record(
    "event",
    "raw",
    ("site", "device", "family", "type"),
    (
        _AGENT,
        _KIND,
        _NAME,
        _TITLE,
        _TITLE_ZH,
        _TEXT,
        _TEXT_ZH,
        _text("person", "Credential or account, as the event carries it", "凭证或账号，按事件原样保存"),
        _text("reason", "Why, as the event carries it", "原因，按事件原样保存"),
        _time("received_at", "When the hub received it", "中心收到的时间"),
    ),
    "What happened at a device, at its time; `type` as in door.opened, `family` what it begins with; else other",
    "设备上发生的事件；type 为事件类型（如 door.opened），family 为其首段，未知的为 other",
)

_COVER = (
    _number("number", "Number of the window or silence", "编号"),
    _time("until_at", "When it ends, or was ended", "结束时间"),
    _number("duration_seconds", "How long it lasts", "时长", "s"),
    _text("author", "Who announced it", "登记人"),
    _text("reason", "Why", "原因"),
    _text("rule", "The one rule it is for; absent for all", "仅针对的规则；为空表示全部"),
    _TEXT,
    _TEXT_ZH,
)

MAINTENANCE = Record(
    "maintenance",
    "daily",
    ("site", "device"),
    _COVER,
    "One occurrence of a maintenance window, at its start, once it has begun",
    "维护时段的一次发生，时间为开始时间",
)

SILENCE = Record(
    "silence",
    "daily",
    ("site", "device"),
    _COVER,
    "One occurrence of a silence, at its start, once it has begun",
    "静默时段的一次发生，时间为开始时间",
)

BLINDNESS = Record(
    "blindness",
    "daily",
    ("reason",),
    (
        _number("number", "Number of the interval", "编号"),
        _time("until_at", "When it ended; absent while it lasts", "结束时间；持续中为空"),
        _number("duration_seconds", "How long it lasted; absent while it lasts", "时长；持续中为空", "s"),
        _TEXT,
        _TEXT_ZH,
    ),
    "When the hub could hear nobody, at its start",
    "中心收不到任何数据的时段，时间为开始时间",
)

_STATE = (
    _number("open_critical", "Open critical tickets", "未解决的严重工单数"),
    _number("open_warning", "Open tickets that are warnings", "未解决的警告工单数"),
    _number("open_info", "Open tickets for information", "未解决的提示工单数"),
    _number("open_tickets", "Open tickets", "未解决工单数"),
    _number("worst_rank", "The gravest open ticket's rank; absent without one", "最严重未解决工单的等级；无则为空"),
    _time("oldest_at", "When the oldest open ticket was opened; absent without one", "最早未解决工单的开启时间"),
    _number("covered", "Open findings held back by maintenance or silences", "被维护或静默压住的故障数"),
    _number("agents", "Agents known", "已知代理数"),
    _number("agents_silent", "Agents that are silent", "失联代理数"),
    _number("devices", "Devices in the inventory", "设备数"),
    _number("devices_fault", "Devices with an open finding of their own", "有自身故障的设备数"),
    _number("devices_down", "Devices with an open finding that means an outage", "中断服务的设备数"),
    _number("devices_unknown", "Devices whose state nobody can tell", "状态未知的设备数"),
)

SITE_STATE = Record(
    "site_state",
    "raw",
    ("site",),
    _STATE,
    "How a site stands: every five minutes, and when its tickets change",
    "站点状态：每五分钟一次，工单变化时另记一次",
)

FLEET_STATE = Record(
    "fleet_state",
    "hourly",
    (),
    (
        *_STATE,
        _number("sites", "Sites known", "已知站点数"),
        _number("sites_critical", "Sites with an open critical ticket", "有未解决严重工单的站点数"),
    ),
    "How all sites together stand, every five minutes: one series, so that a month of it is quickly read",
    "全部站点的合计状态，每五分钟一次；只有一个序列，查询一个月也很快",
)

_RATE_WORDS = {
    "online": ("Share of the time that devices worked", "在线率"),
    "integrity": ("Share of the planned recording that is there", "录像完好率"),
    "picture": ("Share of cameras whose picture is without fault", "图像合格率"),
    "clock": ("Share of devices whose clock is right", "校时准确率"),
}

SITE_RATE = Record(
    "site_rate",
    "daily",
    ("site", "period"),
    tuple(
        field
        for rate in RATES
        for field in (
            _number(f"{rate}_ratio", _RATE_WORDS[rate][0] + "; absent without evidence", _RATE_WORDS[rate][1]),
            _number(
                f"{rate}_devices",
                f"Devices that {rate}_ratio speaks of; 0: it counts for nothing",
                f"{_RATE_WORDS[rate][1]}所涉设备数；为 0 时该率无效",
            ),
        )
    ),
    "The inspector's four rates of a site, at the start of the day or month",
    "站点的四项考核率，时间为当日或当月的开始",
)

REPAIR = Record(
    "repair",
    "daily",
    ("site", "rule", "period"),
    (
        _TITLE,
        _TITLE_ZH,
        _number("resolved", "Tickets resolved in that time", "该时段内解决的工单数"),
        _number(
            "mean_seconds",
            "Mean time from a fault's beginning to its end; counts where resolved > 0",
            "平均修复时长；resolved 大于 0 时有效",
            "s",
        ),
        _number(
            "median_seconds",
            "The half took no longer; counts where resolved > 0",
            "修复时长中位数；resolved 大于 0 时有效",
            "s",
        ),
        _number(
            "longest_seconds", "The longest; counts where resolved > 0", "最长修复时长；resolved 大于 0 时有效", "s"
        ),
        _number("flaps", "How often these faults came back soon after they were over", "这些故障恢复后很快复发的次数"),
    ),
    "How long repairs took, by site and rule, at the start of the day or month in which they ended",
    "按站点和规则统计的修复时长，时间为结束当日或当月的开始",
)

DEVICE_INFO = Record(
    "device_info",
    "daily",
    ("site", "device", "kind"),
    (
        Field("name", "string", "", "Name of the device", "设备名称"),
        _text("parent", "What it hangs on", "上级设备"),
        _text("parent_name", "Name of what it hangs on", "上级设备名称"),
        _text("room", "Room", "房间"),
        _AGENT,
        _text("agent_name", "Name of that agent", "代理名称"),
        _text("manufacturer", "Manufacturer", "制造商"),
        _text("model", "Model", "型号"),
        _text("firmware", "Firmware", "固件版本"),
        _text("serial", "Serial number", "序列号"),
        _text("address", "Address", "地址"),
        _text("version", "Version of the agent's software", "代理软件版本"),
        _number("retired", "Gone from its agent's inventory: 1", "已从代理的清单中消失为 1"),
        _time(
            "retired_at", "Since when it is gone; counts only where retired is 1", "消失时间；仅当 retired 为 1 时有效"
        ),
        _number("open_tickets", "Open tickets about it", "与其相关的未解决工单数"),
        _number(
            "worst_rank",
            "Rank of the gravest of them; -1: none is open",
            "其中最严重的等级；-1 表示没有未解决的工单",
        ),
        _number("target_days", "Days of recordings that are wanted; of channels and cameras", "录像留存目标天数", "d"),
    ),
    "The inventory: one row a device, at one time however often it changes; read it without a time filter",
    "设备清单：每台设备一行，时间固定；查询时不加时间条件",
)

RECORDS: tuple[Record, ...] = (
    TICKET,
    TICKET_EVENT,
    EVENT,
    MAINTENANCE,
    SILENCE,
    BLINDNESS,
    SITE_STATE,
    FLEET_STATE,
    SITE_RATE,
    REPAIR,
    DEVICE_INFO,
)

BY_NAME: dict[str, Record] = {record.name: record for record in RECORDS}
"""The catalogue by measurement."""
