"""`watchkeeper-fleet dashboards`: into a Grafana that runs, or as files for one that starts."""

import argparse
import json
import os
import ssl
import sys
from collections import Counter
from pathlib import Path

from provisioning.grafana import wanted
from provisioning.grafana.client import Grafana, GrafanaError, printable
from provisioning.grafana.customer import Customer, CustomerError, read, secret
from provisioning.grafana.provision import write
from provisioning.grafana.publishing import Publisher, Step, Wishes

NAME = "dashboards"
HELP = "dashboards, data sources and teams in Grafana (10 to 12), one organisation a customer"
TOKEN, PASSWORD = "WATCHKEEPER_GRAFANA_TOKEN", "WATCHKEEPER_GRAFANA_PASSWORD"

DONE = {"create": "created", "update": "updated", "remove": "removed", "keep": "as wanted", "conflict": "left"}
PLANNED = {**DONE, "create": "to create", "update": "to update", "remove": "to remove"}


def add(parser: argparse.ArgumentParser) -> None:
    """Its command line."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="publish|files")
    publish = commands.add_parser(
        "publish",
        help="bring a running Grafana to what is wanted; a second run changes nothing",
        description="Bring a running Grafana to what is wanted. Repeat it as often as you like: a second run changes "
        "nothing, and after a failure half-way it goes on. Exit status: 0 done, 1 not (why is said), 2 wrong command "
        "line or file.",
        epilog=f"Credentials: a service account's token of one organisation ({TOKEN} or --token-file), or --user with "
        f"its password ({PASSWORD} or --password-file) of a server administrator, who may make organisations. Never "
        "on the command line.",
    )
    publish.add_argument("--grafana", required=True, metavar="URL", help="https://HOST[:PORT][/PATH]")
    _customers(publish)
    publish.add_argument("--token-file", type=Path, metavar="FILE", help="holds a service account's token")
    publish.add_argument("--user", metavar="NAME", help="a server administrator, instead of a token")
    publish.add_argument("--password-file", type=Path, metavar="FILE", help="holds that user's password")
    publish.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="authority that signed Grafana's certificate (PEM)"
    )
    publish.add_argument(
        "--plaintext", action="store_true", help="send credentials unencrypted over http to another host"
    )
    publish.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    publish.add_argument("--prune", action="store_true", help="remove dashboards of ours that are no longer made")
    publish.add_argument("--overwrite", action="store_true", help="replace dashboards that were edited in Grafana")
    publish.add_argument("--renew-secrets", action="store_true", help="send the data sources' credentials again")
    publish.add_argument("--json", action="store_true", help="each step as a line of JSON, and what failed")
    files = commands.add_parser(
        "files",
        help="write files that Grafana reads at its start (/etc/grafana/provisioning)",
        description="Write files that Grafana reads at its start. They name the files of secrets, and hold none.",
    )
    _customers(files)
    files.add_argument("--out", type=Path, required=True, metavar="DIR", help="where datasources/ and dashboards/ go")


def _customers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--customers", type=Path, required=True, metavar="FILE", help="TOML: see docs/grafana.md")
    parser.add_argument("--only", metavar="NAME", help="this customer alone")


def run(options: argparse.Namespace) -> int:
    """0 done, 1 not, 2 wrong command line or file."""
    try:
        customers = _chosen(read(options.customers), options.only)
        if options.what == "files":
            return _files(customers, options.out)
        auth = _auth(options)
        for one in customers:  # the files they name, before anything is half done
            list(wanted.sources(one))
        if options.ca_file is not None:
            _trusted(options.ca_file)
        grafana = Grafana(options.grafana, auth, options.ca_file, options.plaintext)
    except (CustomerError, GrafanaError) as error:
        return _failed(str(error), getattr(options, "json", False), 2)
    except OSError as error:
        return _failed(f"{error.filename}: {error.strerror}" if error.filename else str(error), as_json=False)
    return _publish(customers, grafana, options)


def _chosen(customers: list[Customer], only: str | None) -> list[Customer]:
    found = [one for one in customers if only in (None, one.name)]
    if not found:
        raise CustomerError(f"no customer {only!r}; there are: {', '.join(one.name for one in customers)}")
    return found


def _auth(options: argparse.Namespace) -> str | tuple[str, str]:
    if options.user and options.token_file:
        raise CustomerError("--user or --token-file, not both")
    if options.user:
        password = (
            secret(options.password_file) if options.password_file else os.environ.get(PASSWORD, "").strip("\r\n")
        )
        if not password:
            raise CustomerError(f"--user needs --password-file or {PASSWORD}")
        return options.user, password
    token = secret(options.token_file) if options.token_file else os.environ.get(TOKEN, "").strip()
    if not token:
        raise CustomerError(f"no credentials: --token-file, {TOKEN}, or --user with --password-file")
    return token


def _trusted(path: Path) -> None:
    """Raises CustomerError where nothing in a file could be trusted: requests would call that an unreachable server."""
    secret(path, lines=True)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except (OSError, ValueError):
        raise CustomerError(f"--ca-file {path}: holds no certificate in PEM form") from None


def _files(customers: list[Customer], folder: Path) -> int:
    if len(customers) > 1:
        raise CustomerError("files are for one customer: choose with --only")
    if folder.exists() and not folder.is_dir():
        raise CustomerError(f"--out {folder}: is no folder")
    changed = write(customers[0], folder)
    for path in changed:
        print(path)
    if not changed:
        print("nothing to change", file=sys.stderr)
    return 0


def _failed(sentence: str, as_json: bool, status: int = 1) -> int:
    print(f"watchkeeper-fleet: {sentence}", file=sys.stderr)
    if as_json:
        print(json.dumps({"error": sentence}, ensure_ascii=False), flush=True)
    return status


def _publish(customers: list[Customer], grafana: Grafana, options: argparse.Namespace) -> int:
    steps: Counter[str] = Counter()

    def tell(step: Step) -> None:
        steps[step.verb] += 1
        if options.json:
            print(json.dumps({**step._asdict(), "dry_run": options.dry_run}, ensure_ascii=False), flush=True)
        elif step.verb != "keep":
            said = (PLANNED if options.dry_run else DONE)[step.verb]
            print(
                f"{step.organisation}: {step.kind} {step.name}: {said}{' - ' if step.why else ''}{step.why}", flush=True
            )

    wishes = Wishes(options.dry_run, options.prune, options.overwrite, options.renew_secrets)
    try:
        publisher = Publisher(grafana, wishes, tell)
        publisher.version()
        publisher.publish(customers)
    except GrafanaError as error:
        return _failed(f"Grafana at {printable(options.grafana)}: {error}", options.json)
    except CustomerError as error:
        return _failed(str(error), options.json)
    told = PLANNED if options.dry_run else DONE
    print(", ".join(f"{count} {told[verb]}" for verb, count in sorted(steps.items())), file=sys.stderr)
    return 1 if steps["conflict"] else 0
