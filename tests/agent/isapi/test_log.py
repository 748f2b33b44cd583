import pytest

from agent.device.errors import BadAnswer
from agent.isapi import log
from agent.isapi.stamp import Stamp
from agent.recorder.model import Operation

NOON = 1_700_049_600


def page(meta: str, time: str = "2023-11-15T12:00:00Z", more: str = "") -> bytes:
    return (
        '<CMSearchResult version="1.0" xmlns="urn:psialliance-org"><searchID>{A}</searchID>'
        "<responseStatusStrg>OK</responseStatusStrg><numOfMatches>1</numOfMatches><matchList><searchMatchItem>"
        f"<logDescriptor><metaId>{meta}</metaId><StartDateTime>{time}</StartDateTime><paraType></paraType>"
        f"<userName>admin</userName><ipAddress>172.16.0.1</ipAddress>{more}</logDescriptor></searchMatchItem></matchList>"
        "</CMSearchResult>"
    ).encode()


def test_who_played_back_which_channel_from_where() -> None:
    line = log.Line(Stamp(NOON, True), Operation.PLAYED_BACK, "remotePlayByTime", "admin", "172.16.0.1", "3")
    assert log.page(page("log.hikvision.com/Operation/remotePlayByTime/3")) == log.Page((line,), 1, NOON, False)


def test_a_channel_may_be_told_by_itself() -> None:
    told = log.page(page("log.std-cgi.com/Operation/localPlayByFile", more="<channelNumber>12</channelNumber>"))
    assert told.lines[0].channel == "12"
    assert log.page(page("log.std-cgi.com/Operation/localPlayByFile/none")).lines[0].channel == ""


@pytest.mark.parametrize(
    ("what", "operation"),
    [
        ("remotePlayByFile", Operation.PLAYED_BACK),
        ("localPlayByTime", Operation.PLAYED_BACK),
        ("localDownloadRecFile", Operation.DOWNLOADED),
        ("remoteRecFileOutput", Operation.DOWNLOADED),
        ("localCopyFile", Operation.DOWNLOADED),
        ("localDownloadCfgFile", Operation.OTHER),
        ("remoteLogin", Operation.LOGIN),
        ("localLogOut", Operation.OTHER),
        ("remoteCfgPara", Operation.CONFIGURED),
        ("localUserManagement", Operation.CONFIGURED),
        ("localAddIpc", Operation.CONFIGURED),
        ("remoteUpgrade", Operation.CONFIGURED),
        ("localCfgTime", Operation.TIME_SET),
        ("remoteCheckTime", Operation.TIME_SET),
        ("devicePowerOn", Operation.RESTARTED),
        ("remoteReboot", Operation.RESTARTED),
        ("localFormatDisk", Operation.DISK_FORMATTED),
        ("remoteFormatHd", Operation.DISK_FORMATTED),
        ("remoteStartRec", Operation.OTHER),
        ("somethingNew", Operation.OTHER),
    ],
)
def test_what_was_done(what: str, operation: Operation) -> None:
    assert log.operation("Operation", what) is operation


@pytest.mark.parametrize(
    ("kind", "what", "operation"),
    [
        ("Exception", "illlegealAccess", Operation.LOGIN_FAILED),
        ("Exception", "illegalAccess", Operation.LOGIN_FAILED),
        ("Exception", "hdError", None),
        ("Alarm", "motionStart", None),
        ("Operation", "remoteGetParm", None),
        ("Operation", "remoteGetStatus", None),
    ],
)
def test_what_nobody_did_is_no_operation(kind: str, what: str, operation: Operation | None) -> None:
    assert log.operation(kind, what) is operation


def test_lines_that_say_nothing_are_left_out_but_counted() -> None:
    assert log.page(page("log.hikvision.com")) == log.Page((), 1, NOON, False)
    assert log.page(page("log.hikvision.com/Alarm/motionStart/1", time="?")) == log.Page((), 1, 0, False)


def test_an_operation_without_a_time_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer):
        log.page(page("log.hikvision.com/Operation/remoteLogin", time="yesterday"))
