"""A survey laid out: a table for the screen, CSV for a spreadsheet, HTML to hand over and print, JSON for programs."""

import csv
import dataclasses
import html
import io
import json
import re
import unicodedata
from collections.abc import Sequence

from agent.survey import sheet
from agent.survey.report import Found, Weight
from agent.survey.words import Words


def as_table(found: Found, words: Words) -> str:
    """For a screen of fixed-width letters; Chinese ones take two columns."""
    head = sheet.head(found, words)
    label = max(width(line.label) for line in head)
    lines = [words["title"], ""]
    lines += [f"{padded(line.label, label)}  {line.text}" for line in head]
    lines += ["", *sheet.summary(found, words)]
    if found.storage is not None:
        lines += ["", f"{words['disks']}  {sheet.overwrite(found, words)}".rstrip()]
        lines += _grid([words[name] for name in sheet.DISK_COLUMNS], sheet.disks(found, words))
    lines += ["", words["channels"]]
    rows = sheet.channels(found, words)
    columns = [words[name] for name in sheet.CHANNEL_COLUMNS]
    lines += _grid(columns, rows) if rows else [sheet.no_channels(found, words)]
    return "\n".join([*lines, "", *sheet.notes(found, words)])


def as_csv(found: Found, words: Words) -> str:
    """The channels, a row each, after a byte order mark, by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([words["host"], *(words[name] for name in sheet.CHANNEL_COLUMNS)])
    for row in sheet.channels(found, words):
        writer.writerow([_inert(cell) for cell in (found.host, *row)])
    return "\ufeff" + out.getvalue()


def as_json(found: Found) -> str:
    """Everything found and its result, times as Unix seconds of the device's clock."""
    return json.dumps({"outcome": found.outcome, **dataclasses.asdict(found)}, indent=2, ensure_ascii=False)


def as_html(found: Found, words: Words) -> str:
    """One page that needs nothing else, fit for paper."""
    language = words.language.replace("_", "-")
    title = f"{words['title']} {found.host}"
    parts = [
        f"<h1>{_safe(words['title'])}</h1>",
        "<dl>",
        *(f"<div><dt>{_safe(line.label)}</dt><dd>{_safe(line.text)}</dd></div>" for line in sheet.head(found, words)),
        "</dl>",
        _html_summary(found, words),
    ]
    if found.storage is not None:
        parts.append(f"<h2>{_safe(words['disks'])} <small>{_safe(sheet.overwrite(found, words))}</small></h2>")
        parts.append(_html_table([words[name] for name in sheet.DISK_COLUMNS], sheet.disks(found, words)))
    parts.append(f"<h2>{_safe(words['channels'])} <small>{len(found.channels)}</small></h2>")
    marked = [any(one.weight is Weight.BAD for one in channel.noticed) for channel in found.channels]
    rows = sheet.channels(found, words)
    columns = [words[name] for name in sheet.CHANNEL_COLUMNS]
    parts.append(_html_table(columns, rows, marked) if rows else f"<p>{_safe(sheet.no_channels(found, words))}</p>")
    parts.append("<footer>" + "".join(f"<p>{_safe(note)}</p>" for note in sheet.notes(found, words)) + "</footer>")
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_safe(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def width(text: str) -> int:
    """Columns on a screen."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def padded(text: str, columns: int) -> str:
    """Filled up with spaces."""
    return text + " " * max(0, columns - width(text))


def _grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns that are empty in every row are left out."""
    kept = [n for n in range(len(columns)) if any(row[n] for row in rows)] or [0]
    table = [[row[n] for n in kept] for row in (columns, *rows)]
    widths = [max(width(row[n]) for row in table) for n in range(len(kept))]
    lines = ["  ".join(padded(cell, widths[n]) for n, cell in enumerate(row)).rstrip() for row in table]
    return [lines[0], "  ".join("-" * one for one in widths), *lines[1:]]


def _html_summary(found: Found, words: Words) -> str:
    first, *more = sheet.summary(found, words)
    listed = "".join(f"<li>{_safe(one)}</li>" for one in more)
    return f'<p class="result {found.outcome}">{_safe(first)}</p>' + (f"<ul>{listed}</ul>" if listed else "")


def _html_table(columns: Sequence[str], rows: Sequence[Sequence[str]], marked: Sequence[bool] = ()) -> str:
    kept = [n for n in range(len(columns)) if any(row[n] for row in rows)]
    head = "".join(f"<th>{_safe(columns[n])}</th>" for n in kept)
    lines = [
        f"<tr{' class=bad' if marked and marked[number] else ''}>"
        + "".join(f'<td data-label="{_safe(columns[n])}">{_safe(row[n])}</td>' for n in kept)
        + "</tr>"
        for number, row in enumerate(rows)
    ]
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n" + "\n".join(lines) + "\n</tbody></table>"


def _safe(text: str) -> str:
    return html.escape(text, quote=True)


def _inert(cell: str) -> str:
    """A spreadsheet takes a cell that begins so for a formula, in some countries what follows a semicolon as well; and
    names are a device's word."""
    return _FORMULA.sub(r"\1'", cell)


_FORMULA = re.compile(r"(^|;)(?=\s*[=+@\t\r-])")

_STYLE = """
body{font:15px/1.5 "Noto Sans","Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif;
color:#1c2733;margin:2rem auto;max-width:76rem;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 1rem}h2{font-size:1.1rem;margin:1.6rem 0 .5rem}small{color:#5a6b7b;font-weight:400}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(18rem,1fr));gap:.2rem 1.5rem;margin:0}
dl div{display:flex;gap:.6rem}dt{color:#5a6b7b;min-width:7rem}dd{margin:0;overflow-wrap:anywhere}
p.result{font-size:1.1rem;font-weight:600;padding:.5rem .8rem;border-left:.3rem solid;margin:1.2rem 0 .4rem}
p.well{border-color:#2c7a4b;background:#eef7f1}p.bad{border-color:#b3372f;background:#fbeeed}
p.partly,p.unread{border-color:#8a6d1b;background:#fbf6e6}
ul{margin:.3rem 0}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #dde4ea;vertical-align:top}
th{color:#5a6b7b;font-weight:600;white-space:nowrap}tr.bad td{background:#fbeeed}
footer{margin-top:1.5rem;color:#5a6b7b;font-size:.85rem}footer p{margin:.1rem 0}
@media(max-width:44rem){thead{display:none}tr{display:block;border-bottom:2px solid #dde4ea;padding:.4rem 0}
td{display:flex;gap:.6rem;border:0;padding:.1rem .3rem}td:empty{display:none}
td::before{content:attr(data-label);color:#5a6b7b;min-width:7rem}}
@media print{body{margin:0;max-width:none;font-size:11px}tr{break-inside:avoid}}
"""
