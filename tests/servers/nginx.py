"""nginx before InfluxDB 1.6, answering `/api/v2/write` as InfluxDB 1.8 and later do by themselves."""

from collections.abc import Sequence
from pathlib import Path

from tests.servers.server import HOST, Server, find_program

_CONFIG = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size {max_body};
    client_body_buffer_size 2m;
    proxy_read_timeout 60s;
    upstream influx {{ server {host}:{upstream}; keepalive 8; }}
    map $arg_precision $iprec {{ us u; default $arg_precision; }}
    map $arg_bucket $idb {{ "~^(?<d>[^/%]+)" $d; default ""; }}
    map $arg_bucket $irp {{ "~(?:/|%2F)(?<r>[^/%]+)$" &rp=$r; default ""; }}
    server {{
        listen {host}:{port};
        {verdict}
        location = /api/v2/write {{
            rewrite ^ /write?db=$idb&precision=$iprec$irp? break;
            proxy_pass http://influx;
        }}
        location = /ping {{ proxy_pass http://influx; }}
        location = /query {{ proxy_pass http://influx; }}
        location = /write {{ proxy_pass http://influx; }}
    }}
}}
"""


class Nginx(Server):
    """A proxy to InfluxDB's port `upstream` that adds the v2 write path.

    `verdict` is a status it answers everything with instead, from the next start on; `max_body` bytes bounds a request.
    """

    name = "nginx"

    def __init__(self, folder: Path, upstream: int, port: int | None = None, max_body: int = 25_000_000) -> None:
        super().__init__(folder, port)
        self.upstream = upstream
        self.max_body = max_body
        self.verdict: int | None = None
        self._program = find_program("nginx")

    @property
    def url(self) -> str:
        """Where InfluxDB's HTTP API seems to be."""
        return f"http://{HOST}:{self.port}"

    def command(self) -> Sequence[str]:
        config = self.folder / "nginx.conf"
        config.write_text(
            _CONFIG.format(
                host=HOST,
                port=self.port,
                upstream=self.upstream,
                folder=self.folder,
                max_body=self.max_body,
                verdict=f"return {self.verdict};" if self.verdict else "",
            )
        )
        return [self._program, "-p", str(self.folder), "-e", "stderr", "-c", str(config)]
