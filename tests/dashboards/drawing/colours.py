"""Grafana's named colours, near enough for a drawing, and how the page looks."""

NAMED = {
    "green": "#73bf69",
    "dark-green": "#37872d",
    "semi-dark-green": "#56a64b",
    "light-green": "#96d98d",
    "super-light-green": "#c8f2c2",
    "red": "#f2495c",
    "dark-red": "#c4162a",
    "semi-dark-red": "#e02f44",
    "light-red": "#ff7383",
    "super-light-red": "#ffa6b0",
    "orange": "#ff9830",
    "dark-orange": "#fa6400",
    "semi-dark-orange": "#ff780a",
    "light-orange": "#ffb357",
    "super-light-orange": "#ffcb7d",
    "yellow": "#fade2a",
    "dark-yellow": "#e0b400",
    "semi-dark-yellow": "#f2cc0c",
    "light-yellow": "#ffee52",
    "super-light-yellow": "#fff899",
    "blue": "#5794f2",
    "dark-blue": "#1f60c4",
    "semi-dark-blue": "#3274d9",
    "light-blue": "#8ab8ff",
    "super-light-blue": "#c0d8ff",
    "purple": "#b877d9",
    "dark-purple": "#8f3bb8",
    "semi-dark-purple": "#a352cc",
    "light-purple": "#ca95e5",
    "super-light-purple": "#deb6f2",
    "text": "#ccccdc",
    "transparent": "transparent",
}
PALETTE = ("#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#ffb357", "#96d98d", "#ca95e5")
NEUTRAL = "#6e7383"
"""Of what is not known: neither good nor bad."""


def colour(name: str) -> str:
    """As CSS has it."""
    return NAMED.get(name, name)


STYLE = """
*{box-sizing:border-box}
body{margin:0;background:#111217;color:#ccccdc;font:13px/1.4 Inter,"Noto Sans","Noto Sans CJK SC",Roboto,sans-serif}
header{display:flex;align-items:center;gap:10px;padding:12px 16px 4px;font-size:15px}
header b{font-weight:500;font-size:17px}header .to{margin-left:auto;color:#9d9fb0;font-size:12px}
.chips{display:flex;flex-wrap:wrap;gap:8px;padding:4px 16px 10px}
.chip{display:flex;border:1px solid #2c3038;border-radius:3px;font-size:12px}
.chip i{font-style:normal;background:#1b1d23;color:#9d9fb0;padding:3px 8px}.chip span{padding:3px 8px}
.link{color:#6e9fff;font-size:12px;padding:3px 4px}
main{position:relative;margin:0 16px}
.panel{position:absolute;background:#181b1f;border:1px solid #22252b;border-radius:3px;overflow:hidden}
.panel h2{margin:0;padding:5px 8px 2px;font-size:13px;font-weight:500;
 white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.panel h2 sup{color:#6e7383;font-weight:400;margin-left:4px}
.row{position:absolute;padding:6px 4px;font-size:14px;font-weight:500}
.body{position:absolute;left:0;right:0;bottom:0;top:27px;padding:2px 8px 6px}
.none{height:100%;display:flex;align-items:center;justify-content:center;color:#8e92a4;font-size:15px;
 text-align:center}
.stats{display:flex;height:100%;gap:6px}.stats.down{flex-direction:column}
.stat{flex:1;display:flex;flex-direction:column;align-items:center;justify-content:center;border-radius:3px;
 min-width:0;overflow:hidden}
.stat small{font-size:12px;max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.stat.flat{flex-direction:row;justify-content:space-between;padding:0 8px}
table{border-collapse:collapse;table-layout:fixed;font-size:14px}
th,td{height:36px;padding:0 6px;text-align:left;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
th{color:#6e9fff;font-weight:500;border-bottom:1px solid #22252b}td{border-bottom:1px solid #1f2127}
td.n,th.n{text-align:right}td a{color:#6e9fff;text-decoration:none}
td[style*=background] a{color:inherit;text-decoration:underline}
.more{color:#8e92a4;font-size:11px;padding:2px 8px;position:absolute;bottom:2px;right:4px;background:#181b1f}
.bars{display:grid;gap:5px 10px;align-items:center;height:100%;align-content:space-evenly}
.bars .track{background:#22252b;height:18px;border-radius:2px}.bars .fill{height:100%;border-radius:2px}
.legend{display:flex;flex-wrap:wrap;gap:2px 12px;font-size:11px;color:#b4b7c7;max-height:34px;overflow:hidden}
.rows{overflow:hidden}.rows table{font-size:12px;width:100%}.rows th,.rows td{height:22px;border:0;text-align:right}
.rows th:first-child,.rows td:first-child{text-align:left;width:60%}
.rows i,.legend i{display:inline-block;width:12px;height:3px;border-radius:2px;margin-right:5px;vertical-align:middle}
svg text{fill:#9d9fb0;font-size:11px}
footer{padding:10px 16px;color:#8e92a4;font-size:11px}
"""
