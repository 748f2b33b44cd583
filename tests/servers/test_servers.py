"""The servers of the tests themselves: up, down, killed, frozen, and back with their data."""

import ssl
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers.certificates import Authority
from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto, MutualTls
from tests.servers.nginx import Nginx
from tests.servers.postgresql import Postgresql
from tests.servers.server import HOST, ServerFailed, ServerMissing, accepts, find_program
from tests.waiting import wait_until

ACL = "pattern write wk/v1/%u/report\npattern read wk/v1/%u/ack\n"


def test_a_missing_server_names_the_command_that_installs_it() -> None:
    with pytest.raises(ServerMissing, match="make servers"):
        find_program("no-such-server")


def test_waiting_gives_up_naming_what_did_not_happen() -> None:
    with pytest.raises(AssertionError, match="the moon to fall"):
        wait_until(lambda: False, timeout=0.05, what="the moon to fall")


def test_influxdb_is_back_with_its_data_after_sigkill(influxdb: InfluxDB) -> None:
    influxdb.write_lines("host,site=a value=1.5 1000")
    influxdb.kill()
    assert not accepts(influxdb.port)
    influxdb.start()
    assert influxdb.query("SELECT value FROM host")[0]["values"] == [[1000, 1.5]]


def test_a_paused_influxdb_does_not_answer_and_a_resumed_one_does(influxdb: InfluxDB) -> None:
    influxdb.pause()
    influxdb.resume()
    assert influxdb.ready()


def test_the_proxy_maps_the_v2_write_path(influxdb: InfluxDB, influx_v2: Nginx) -> None:
    query = {"org": "-", "bucket": "watchkeeper/autogen", "precision": "ms"}
    url = f"{influx_v2.url}/api/v2/write"
    assert httpx.post(url, params=query, content="host,site=a value=2.5 1000").status_code == 204
    assert influxdb.query("SELECT value FROM host")[0]["values"] == [[1000, 2.5]]


def test_influxdb_can_want_a_password(tmp_path: Path) -> None:
    with InfluxDB(tmp_path, authentication=True) as server:
        assert server.query("SHOW DATABASES")[0]["values"][-1] == ["watchkeeper"]
        server.password = "wrong"
        with pytest.raises(httpx.HTTPStatusError, match="401"):
            server.query("SHOW DATABASES")


def test_every_postgresql_database_is_new(postgresql_url: str) -> None:
    connection = psycopg.connect(postgresql_url.replace("+psycopg", ""))
    try:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    finally:
        connection.close()
    assert tables == (0,)


def test_postgresql_is_back_after_sigkill(postgresql: Postgresql, postgresql_url: str) -> None:
    postgresql.kill()
    assert not accepts(postgresql.port)
    postgresql.start()
    assert postgresql.ready()


def test_mosquitto_is_back_on_its_port_after_stop_and_kill(mosquitto: Mosquitto) -> None:
    mosquitto.stop()
    mosquitto.start()
    mosquitto.kill()
    mosquitto.start()
    assert accepts(mosquitto.port)


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match="no_such_setting"):
        Mosquitto(tmp_path, settings=["no_such_setting 1"]).start()


def test_mosquitto_admits_only_certificates_and_names_clients_by_them(tmp_path: Path, authority: Authority) -> None:
    pair = authority.client("depot/gate-1")
    with Mosquitto(tmp_path, tls=MutualTls(authority, ACL)) as broker:
        stranger = mqtt.Client(CallbackAPIVersion.VERSION2)
        stranger.tls_set(str(authority.ca))
        agent = mqtt.Client(CallbackAPIVersion.VERSION2)
        agent.tls_set(str(authority.ca), str(pair.certificate), str(pair.key), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        agent.connect(HOST, broker.port)
        agent.loop_start()
        try:
            wait_until(agent.is_connected, what="the certificate is accepted")
            wait_until(lambda: "as depot/gate-1" in broker.log(), what="the broker knows the client by its name")
        finally:
            agent.disconnect()
            agent.loop_stop()
        stranger.connect(HOST, broker.port)  # TLS 1.3: the refusal comes with the first read
        while stranger.loop() == mqtt.MQTT_ERR_SUCCESS:
            assert not stranger.is_connected()


def test_chromium_is_there(chromium: str) -> None:
    assert Path(chromium).exists()
