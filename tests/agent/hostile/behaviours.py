"""What hostile devices say from the first word on, whatever they are asked."""

import gzip
import random
from collections.abc import Callable, Mapping
from enum import StrEnum

from tests.agent.hostile.device import Visit
from tests.agent.hostile.trap import Trap


class Expect(StrEnum):
    """What is to be known of a device that behaves so."""

    ABSENT = "absent"
    """It does not answer: not reachable."""
    NONSENSE = "nonsense"
    """Something answers, but nothing is learned from it."""
    REFUSED = "refused"
    """Our account is refused, after one login."""
    UNLOVED = "unloved"
    """It wants a login in a way that we do not give: none is shown."""


Behaviour = Callable[[Visit, Trap], None]

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n"
_XML = "Content-Type: application/soap+xml; charset=utf-8"
_NOISE = random.Random(7).randbytes(4096)


def _digest(more: str = "", realm: str = "door") -> str:
    return f'WWW-Authenticate: Digest realm="{realm}", qop="auth", nonce="{random.random()}"{more}'


def _document(inner: str, before: str = "") -> bytes:
    envelope = "http://www.w3.org/2003/05/soap-envelope"
    body = f'<s:Envelope xmlns:s="{envelope}"><s:Body>{inner}</s:Body></s:Envelope>'
    return f'<?xml version="1.0"?>{before}{body}'.encode()


def _hang(visit: Visit, _: Trap) -> None:
    visit.hang()


def _hang_up(visit: Visit, _: Trap) -> None:
    raise ConnectionResetError


def _drip(visit: Visit, _: Trap) -> None:
    visit.say(_OK, b"\r\n")
    visit.for_ever(b" ", pause=0.05)


def _drip_status(visit: Visit, _: Trap) -> None:
    visit.for_ever(b"H", pause=0.05)


def _noise(visit: Visit, _: Trap) -> None:
    visit.say(_NOISE)
    raise ConnectionResetError


def _tls(visit: Visit, _: Trap) -> None:
    visit.say(b"\x15\x03\x01\x00\x02\x02\x28")
    raise ConnectionResetError


def _continue(visit: Visit, _: Trap) -> None:
    visit.for_ever(b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.01)


def _many_headers(visit: Visit, _: Trap) -> None:
    visit.answer("200 OK", *(f"X-{n}: y" for n in range(20_000)))


def _long_header(visit: Visit, _: Trap) -> None:
    visit.say(_OK, b"X-Long: ", b"y" * 5_000_000, b"\r\n\r\n")


def _negative_length(visit: Visit, _: Trap) -> None:
    visit.say(_OK, b"Content-Length: -1\r\n\r\nx")
    raise ConnectionResetError


def _endless_length(visit: Visit, _: Trap) -> None:
    visit.say(_OK, b"Content-Length: " + b"9" * 30 + b"\r\n\r\n<a/>")
    visit.hang()


def _huge_chunk(visit: Visit, _: Trap) -> None:
    visit.say(_OK, b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n")
    visit.for_ever(b"x" * 65_536)


def _bad_chunk(visit: Visit, _: Trap) -> None:
    visit.say(_OK, b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n")
    raise ConnectionResetError


def _fifty_megabytes(visit: Visit, _: Trap) -> None:
    visit.say(_OK, b"\r\n", b"<a>")
    for _piece in range(50 * 16):
        visit.say(b"x" * 65_536)
    raise ConnectionResetError


def _gzip_bomb(visit: Visit, _: Trap) -> None:
    visit.answer("200 OK", _XML, "Content-Encoding: gzip", body=gzip.compress(b"<a>" + b"x" * 50_000_000))


def _empty(visit: Visit, _: Trap) -> None:
    visit.answer("200 OK", _XML)


def _no_content(visit: Visit, _: Trap) -> None:
    visit.say(b"HTTP/1.1 204 No Content\r\n\r\n")


def _page(visit: Visit, trap: Trap) -> None:
    refresh = f"Refresh: 0; url={trap.url()}"
    cookies = [f"Set-Cookie: a{n}={'b' * 500}; Domain=127.0.0.2" for n in range(60)]
    meta = f'<meta http-equiv="refresh" content="0;url={trap.url()}">'
    page = f'<html><head><base href="{trap.url()}">{meta}</head><body>'
    visit.answer("200 OK", refresh, *cookies, f"Content-Location: {trap.url()}", body=page.encode())


def _error(visit: Visit, _: Trap) -> None:
    visit.answer("500 Internal Server Error", body=b"oops")


def _odd_status(visit: Visit, _: Trap) -> None:
    visit.answer("999 \x01\x02 nobody knows")


def _proxy(visit: Visit, trap: Trap) -> None:
    visit.answer("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"', f"Location: {trap.url()}")


def _redirect(status: str) -> Behaviour:
    def speak(visit: Visit, trap: Trap) -> None:
        visit.answer(status, f"Location: {trap.url('/onvif/device_service')}")

    return speak


def _redirect_after_login(visit: Visit, trap: Trap) -> None:
    if visit.signed:
        visit.answer("307 Temporary Redirect", f"Location: {trap.url()}")
    else:
        visit.answer("401 Unauthorized", _digest(), f"Location: {trap.url()}")


def _bomb(visit: Visit, _: Trap) -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    visit.answer("200 OK", _XML, body=_document("&a9;", f'<!DOCTYPE s [<!ENTITY a0 "aaaaaaaaaa">{entities}]>'))


def _foreign_entity(visit: Visit, trap: Trap) -> None:
    dtd = f'<!DOCTYPE s SYSTEM "{trap.url("/x.dtd")}" [<!ENTITY e SYSTEM "{trap.url("/e")}">' + (
        f'<!ENTITY % p SYSTEM "{trap.url("/p")}"> %p;]>'
    )
    visit.answer("200 OK", _XML, body=_document("&e;", dtd))


def _foreign_include(visit: Visit, trap: Trap) -> None:
    sheet = f'<?xml-stylesheet href="{trap.url("/x.xsl")}" type="text/xsl"?>'
    include = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{trap.url("/i")}"/>'
    schema = f'<a xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="urn:x {trap.url("/x.xsd")}"/>'
    visit.answer("200 OK", _XML, body=_document(include + schema, sheet))


def _deep(visit: Visit, _: Trap) -> None:
    visit.answer("200 OK", _XML, body=_document("<a>" * 9_000 + "</a>" * 9_000))


def _wide(visit: Visit, _: Trap) -> None:
    visit.answer("200 OK", _XML, body=_document("".join(f"<n{n}/>" for n in range(60_000))))


def _attributes(visit: Visit, _: Trap) -> None:
    many = " ".join(f'b{n}="c"' for n in range(40_000))
    visit.answer("200 OK", _XML, body=_document(f"<a {many}/>"))


def _utf16(visit: Visit, _: Trap) -> None:
    visit.answer("200 OK", _XML, body=_document("<a/>").decode().encode("utf-16"))


def _deep_json(visit: Visit, _: Trap) -> None:
    visit.answer("200 OK", "Content-Type: application/json", body=b'{"states":' + b"[" * 100_000)


def _large_numbers(visit: Visit, _: Trap) -> None:
    visit.answer("200 OK", "Content-Type: application/json", body=b'{"state":' + b"9" * 200_000 + b"}")


def _lines(visit: Visit, _: Trap) -> None:
    visit.answer("200 OK", "Content-Type: text/plain", body=b"a=\r\n" * 200_000)


def _secrets_wanted(visit: Visit, _: Trap) -> None:
    visit.answer("401 Unauthorized", 'WWW-Authenticate: Basic realm="Please"')


def _basic_first(visit: Visit, _: Trap) -> None:
    visit.answer("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"', "WWW-Authenticate: Bearer", _digest())


def _unknown_digest(visit: Visit, _: Trap) -> None:
    visit.answer("401 Unauthorized", _digest(", algorithm=ROT13"), "WWW-Authenticate: Negotiate, NTLM, Bearer")


def _refusing(visit: Visit, _: Trap) -> None:
    visit.answer("401 Unauthorized", _digest())


def _ever_stale(visit: Visit, _: Trap) -> None:
    visit.answer("401 Unauthorized", _digest(", stale=true"))


def _changing_digest(visit: Visit, _: Trap) -> None:
    algorithm = random.choice(["MD5", "SHA-256", "SHA-512-256", "MD5-sess", "SHA-256-sess"])
    visit.answer("401 Unauthorized", _digest(f", algorithm={algorithm}"))


def _digest_elsewhere(visit: Visit, trap: Trap) -> None:
    more = f', domain="{trap.url()} {trap.url("/x")}", opaque="{"o" * 5000}"'
    visit.answer("401 Unauthorized", _digest(more, realm=f'\\"><script>{"r" * 1000}'))


BEHAVIOURS: Mapping[str, tuple[Behaviour, Expect]] = {
    "hangs": (_hang, Expect.ABSENT),
    "hangs up": (_hang_up, Expect.ABSENT),
    "drips": (_drip, Expect.ABSENT),
    "drips its status": (_drip_status, Expect.ABSENT),
    "continues for ever": (_continue, Expect.ABSENT),
    "promises bytes without end": (_endless_length, Expect.NONSENSE),
    "noise": (_noise, Expect.NONSENSE),
    "TLS": (_tls, Expect.NONSENSE),
    "20,000 headers": (_many_headers, Expect.NONSENSE),
    "a header of 5 MB": (_long_header, Expect.NONSENSE),
    "less than nothing": (_negative_length, Expect.NONSENSE),
    "a chunk without end": (_huge_chunk, Expect.NONSENSE),
    "a chunk of less than nothing": (_bad_chunk, Expect.NONSENSE),
    "50 MB": (_fifty_megabytes, Expect.NONSENSE),
    "a gzip bomb": (_gzip_bomb, Expect.NONSENSE),
    "nothing": (_empty, Expect.NONSENSE),
    "no content": (_no_content, Expect.NONSENSE),
    "a page for people": (_page, Expect.NONSENSE),
    "an error": (_error, Expect.NONSENSE),
    "a status of its own": (_odd_status, Expect.NONSENSE),
    "a proxy's word": (_proxy, Expect.NONSENSE),
    "moved for good": (_redirect("301 Moved Permanently"), Expect.NONSENSE),
    "see other": (_redirect("303 See Other"), Expect.NONSENSE),
    "go there as you are": (_redirect("307 Temporary Redirect"), Expect.NONSENSE),
    "go there with your login": (_redirect_after_login, Expect.NONSENSE),
    "an entity bomb": (_bomb, Expect.NONSENSE),
    "entities of another host": (_foreign_entity, Expect.NONSENSE),
    "parts of another host": (_foreign_include, Expect.NONSENSE),
    "deep XML": (_deep, Expect.NONSENSE),
    "60,000 names": (_wide, Expect.NONSENSE),
    "40,000 attributes": (_attributes, Expect.NONSENSE),
    "UTF-16": (_utf16, Expect.NONSENSE),
    "deep JSON": (_deep_json, Expect.NONSENSE),
    "numbers of 200,000 digits": (_large_numbers, Expect.NONSENSE),
    "200,000 lines": (_lines, Expect.NONSENSE),
    "Basic only": (_secrets_wanted, Expect.UNLOVED),
    "a digest nobody knows": (_unknown_digest, Expect.UNLOVED),
    "Basic before Digest": (_basic_first, Expect.REFUSED),
    "refuses": (_refusing, Expect.REFUSED),
    "stale for ever": (_ever_stale, Expect.REFUSED),
    "another digest each time": (_changing_digest, Expect.REFUSED),
    "a digest for another host": (_digest_elsewhere, Expect.REFUSED),
}
