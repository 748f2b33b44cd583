"""File provisioning: what a Grafana reads at its start from `/etc/grafana/provisioning`, as in containers.

    DIR/datasources/watchkeeper.yaml    DIR/dashboards/watchkeeper.yaml    DIR/dashboards/watchkeeper/*.json

Secrets are not in these files: Grafana reads them itself, from files it is given (`$__file{…}`).
"""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from provisioning.grafana import wanted
from provisioning.grafana.customer import Customer, CustomerError
from provisioning.grafana.wanted import FOLDER, Json

INSIDE = PurePosixPath("/etc/grafana/provisioning")
"""Where Grafana looks, in its packages and its container images."""


def files(customer: Customer, inside: PurePosixPath = INSIDE) -> Iterator[tuple[PurePosixPath, str]]:
    """(path below the folder, text). JSON is YAML as well, so both are written as JSON."""
    yield (
        PurePosixPath("datasources/watchkeeper.yaml"),
        _text({"apiVersion": 1, "datasources": list(_sources(customer))}),
    )
    provider = {
        "name": "watchkeeper",
        "folder": FOLDER["title"],
        "folderUid": FOLDER["uid"],
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 60,
        "options": {"path": str(inside / "dashboards" / "watchkeeper")},
    }
    yield PurePosixPath("dashboards/watchkeeper.yaml"), _text({"apiVersion": 1, "providers": [provider]})
    for dashboard in wanted.dashboards(customer):
        yield PurePosixPath("dashboards/watchkeeper") / f"{dashboard['uid']}.json", _text(dashboard)


def _sources(customer: Customer) -> Iterator[Json]:
    """With the files that hold the secrets, instead of the secrets. `$` begins a variable there: it is doubled."""
    influx = customer.influx
    for source in wanted.sources(customer, open_only=True):
        secrets: Json = {}
        if influx.token_file is not None:
            secrets["httpHeaderValue1"] = f"Token $__file{{{influx.token_file}}}"
        if influx.password_file is not None:
            secrets["password"] = f"$__file{{{influx.password_file}}}"
        if influx.ca_file is not None:
            secrets["tlsCACert"] = f"$__file{{{influx.ca_file}}}"
        plain = {key: value.replace("$", "$$") if isinstance(value, str) else value for key, value in source.items()}
        yield {**plain, "editable": False, "secureJsonData": secrets}


def write(customer: Customer, folder: Path) -> list[Path]:
    """Write them below `folder`; dashboards of ours that are no longer made are removed. What changed. Raises
    CustomerError for files of secrets that Grafana, which starts elsewhere, would not find."""
    for secret in (customer.influx.token_file, customer.influx.password_file, customer.influx.ca_file):
        if secret is not None and not secret.is_absolute():
            raise CustomerError(f"{secret}: Grafana reads it itself: say its whole path, as Grafana sees it")
    texts = {folder / path: text for path, text in files(customer)}
    changed = []
    for path, text in texts.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.part")  # Grafana looks into this folder while it runs
            part.write_text(text, encoding="utf-8")
            part.replace(path)
            changed.append(path)
    for path in sorted((folder / "dashboards" / "watchkeeper").glob(f"{wanted.PREFIX}*.json")):
        if path not in texts:
            path.unlink()
            changed.append(path)
    return changed


def _text(what: Json) -> str:
    return json.dumps(what, indent=1, sort_keys=True) + "\n"
