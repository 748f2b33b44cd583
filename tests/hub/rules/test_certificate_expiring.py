"""A device's certificate that runs out, as a timeline."""

from tests.hub.rules.timelines import DAY, case, lives, timeline

RULE = "certificate_expiring"


def test_three_weeks_before_it_expires_until_there_is_a_new_one() -> None:
    line = timeline()
    for day in range(8):
        line.sample(day * DAY, "cam-1", certificate_left_days=25 - day)
    line.sample(8 * DAY, "cam-1", certificate_left_days=365)
    assert lives(line, RULE) == ["432000 opened", "691200 closed"]


def test_one_that_has_expired_says_so() -> None:
    line = timeline()
    line.sample(0, "nvr-1", certificate_left_days=-400)
    finding = line.engine.sites["school"].devices["nvr-1"].findings[RULE]
    assert case(line, "nvr-1", RULE) == "expired"
    assert finding.detail["certificate_left_days"] == 400
