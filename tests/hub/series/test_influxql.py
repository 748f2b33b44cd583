"""InfluxQL: quoting, and reading answers."""

import json

import pytest

from hub.series.influxql import between, identifier, literal, parse_series
from hub.series.store import SeriesUnavailable


def test_quotes_and_backslashes_cannot_end_a_name_or_a_text() -> None:
    assert identifier('a"b\\c\nd') == '"a\\"b\\\\c\\nd"'
    assert literal("a'b\\c\nd") == "'a\\'b\\\\c\\nd'"


def test_bounds_are_clipped_to_what_influxdb_knows() -> None:
    assert between(-(10**30), 5) == "time > -9223372036854ms AND time <= 5ms"


def test_every_series_of_every_statement_is_read() -> None:
    body = {
        "results": [
            {
                "statement_id": 0,
                "series": [
                    {"name": "camera", "tags": {"device": "a"}, "columns": ["time", "last"], "values": [[1, 2.0]]},
                    {"name": "camera", "tags": {"device": "b"}, "columns": ["time", "last"], "values": [[3, 4]]},
                ],
            },
            {"statement_id": 1},
        ]
    }
    first, second = parse_series(json.dumps(body), 2)
    assert [(series.tags["device"], series.rows) for series in first] == [("a", [[1, 2.0]]), ("b", [[3, 4]])]
    assert second == []


def test_chunks_of_a_series_are_put_together() -> None:
    chunks = [
        '{"results":[{"statement_id":0,"series":[{"tags":{"d":"a"},"values":[[1,1]],"partial":true}],"partial":true}]}',
        '{"results":[{"statement_id":0,"series":[{"tags":{"d":"a"},"values":[[2,2]]}],"partial":true}]}',
        '{"results":[{"statement_id":0,"series":[{"tags":{"d":"b"},"values":[[3,3]]}]}]}',
        '{"results":[{"statement_id":1}]}',
        "",
    ]
    assert parse_series("\n".join(chunks), 2) == [[({"d": "a"}, [[1, 1], [2, 2]]), ({"d": "b"}, [[3, 3]])], []]
    with pytest.raises(SeriesUnavailable, match="ends early"):
        parse_series("\n".join(chunks[:2]), 1)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "null",
        "3",
        '{"error":"database not found: x"}',
        '{"results":[{"statement_id":0,"error":"max-select-series limit exceeded"}]}',
        '{"results":[{"statement_id":0,"partial":true,"series":[]}]}',
        '{"results":[{"series":[{"values":[[1,2]],"partial":true}]}]}',
        '{"results":[{"series":[{"name":"x"}]}]}',
        '{"results":[7]}',
        '{"results":null}',
        '{"results":[{"statement_id":1}]}',
        '{"results":[]}',
    ],
)
def test_what_is_no_answer_is_an_outage(body: str) -> None:
    with pytest.raises(SeriesUnavailable):
        parse_series(body, 1)
