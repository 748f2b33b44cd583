"""Whom we ping, out of the settings of the collectors that are there."""

from agent.cameras.settings import CamerasSettings
from agent.collector import Settings
from agent.collectors.doors import DoorsSettings
from agent.device.address import Endpoint
from agent.network.targets import targets
from agent.recorder.settings import RecordersSettings
from wire.messages import Device, DeviceKind


def test_cameras_recorders_and_the_doors_of_a_controller() -> None:
    cameras = CamerasSettings.model_validate(
        {
            "devices": [
                {"id": "gate", "name": "Gate", "host": "10.0.0.21", "port": 8080, "room": "yard", "parent": "switch-1"}
            ],
            "max_requests_per_hour": 100,
        }
    )
    recorders = RecordersSettings.model_validate({"devices": [{"id": "nvr", "host": "nvr.lan"}]})
    doors = DoorsSettings.model_validate(
        {
            "controllers": [
                {
                    "id": "access",
                    "host": "10.0.0.9",
                    "room": "hall",
                    "doors": [{"id": "front", "token": "1"}, {"id": "back", "token": "2", "room": "yard"}],
                }
            ]
        }
    )
    found = targets({"cameras": cameras, "recorders": recorders, "doors": doors})
    assert [one.endpoint for one in found] == [Endpoint("10.0.0.21", 8080), Endpoint("nvr.lan"), Endpoint("10.0.0.9")]
    assert found[0].devices == (
        Device(device="gate", kind=DeviceKind.CAMERA, name="Gate", parent="switch-1", room="yard"),
    )
    assert [(one.device, one.kind, one.room) for one in found[2].devices] == [
        ("front", DeviceKind.DOOR, "hall"),
        ("back", DeviceKind.DOOR, "yard"),
    ]
    assert [one.budget for one in found] == [100, 1200, 1200]
    assert all(one.listens for one in found)


def test_collectors_that_watch_nothing_with_an_address_are_passed_over() -> None:
    assert targets({}) == []
    assert targets({"cameras": CamerasSettings(), "host": Settings()}) == []
