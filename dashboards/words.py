"""Words and colours that several boards use."""

from dashboards.limits import BLUE, GREEN, ORANGE, RED
from dashboards.text import Text

TICKET_PATH = "${console}${__data.fields.url_path}"
"""From a row of tickets to the ticket in the console. The query has to select `url_path`."""

YES_IS_GOOD = {"1": (Text("yes", "是"), GREEN), "0": (Text("no", "否"), RED)}
YES_IS_BAD = {"0": (Text("no", "否"), GREEN), "1": (Text("yes", "是"), RED)}
SEVERITY = {
    "critical": (Text("critical", "严重"), RED),
    "warning": (Text("warning", "警告"), ORANGE),
    "info": (Text("info", "提示"), BLUE),
}
