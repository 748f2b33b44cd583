"""What we use of pysnmp and pyasn1, which ship no types. Importing this loads them: 12 MB."""

from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped]
from pyasn1.type import univ  # type: ignore[import-untyped]
from pysnmp.carrier.asyncio.dgram.udp import UdpTransportAddress  # type: ignore[import-untyped]
from pysnmp.carrier.base import AbstractTransport, AbstractTransportDispatcher  # type: ignore[import-untyped]
from pysnmp.entity import config  # type: ignore[import-untyped]
from pysnmp.entity.engine import SnmpEngine  # type: ignore[import-untyped]
from pysnmp.entity.rfc3413 import cmdgen, cmdrsp, context  # type: ignore[import-untyped]
from pysnmp.error import PySnmpError  # type: ignore[import-untyped]
from pysnmp.proto import errind  # type: ignore[import-untyped]
from pysnmp.proto.api import v2c  # type: ignore[import-untyped]
from pysnmp.smi.instrum import AbstractMibInstrumController  # type: ignore[import-untyped]

__all__ = [
    "AbstractMibInstrumController",
    "AbstractTransport",
    "AbstractTransportDispatcher",
    "PyAsn1Error",
    "PySnmpError",
    "SnmpEngine",
    "UdpTransportAddress",
    "cmdgen",
    "cmdrsp",
    "config",
    "context",
    "errind",
    "univ",
    "v2c",
]
