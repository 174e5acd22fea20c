"""Fetching from addresses that a study names, when nobody may be trusted to name the machines around the one that builds.

A pull request can name any address. Only https is fetched, and nothing at private, loopback, link-local or otherwise special
addresses (https://www.iana.org/assignments/iana-ipv4-special-registry): there are the metadata services of clouds, and what
has no password because it is not on the internet. Each name is resolved once, and the connection goes to the address that was
checked, so that a second answer of the name server changes nothing; where a server sends readers on is checked again.
`remote_hosts` of portal.yaml lists hosts that may be all this, and then no other is asked.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from ingest.images.opened import Unreadable

CONNECT = 5.0  # s to reach a server
TIMEOUT = 30.0  # s between two parts of an answer
WHOLE = 300.0  # s for an answer
TRIES = 3
REDIRECTS = 5
PIECE = 1 << 20
_SENT_ON = (301, 302, 303, 307, 308)
_AGAIN = (429, 500, 502, 503, 504)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Forbidden(Unreadable):
    """An address that is not asked: `what; mend`."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes


def public(address: str) -> bool:
    """Whether an IP address is one of the open internet; one in another's clothes (mapped, 6to4, Teredo, NAT64) is what it stands for.

    >>> [public(a) for a in ("93.184.215.14", "10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "fec0::1")]
    [True, False, False, False, False]
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not getattr(ip, "is_site_local", False)


def checked(url: str, hosts: Iterable[str] = ()) -> SplitResult:
    """The parts of an address that may be asked, as far as it says so itself. Raises Forbidden."""
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").casefold(), parts.port
    except ValueError:
        raise Forbidden("is not a web address; correct it") from None
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise Forbidden("is not a web address; write one beginning with https://")
    listed = {h.casefold() for h in hosts}
    if listed and host not in listed:
        raise Forbidden(f"is at {host}, which remote_hosts of portal.yaml does not list; list it there, if it is trusted")
    if not listed and parts.scheme != "https":
        raise Forbidden("begins with http://, where anybody on the way can change what comes; write https://, or list its host under "
                        "remote_hosts of portal.yaml")  # fmt: skip
    return parts


class Web:
    """Asks servers. Connections are kept and used again; safe to use from several threads at once."""

    def __init__(self, hosts: Iterable[str] = ()):
        self._hosts = frozenset(h.casefold() for h in hosts)
        self._idle: dict[tuple[str, str, int], list[http.client.HTTPConnection]] = {}
        self._lock = Lock()

    def get(self, url: str, headers: dict[str, str] | None = None, most: int = 1 << 30) -> Answer:
        """The answer after whatever redirects there are. Raises Unreadable above `most` bytes, Forbidden, or OSError."""
        for _ in range(REDIRECTS + 1):
            answer = self._tried(url, headers or {}, most)
            where = answer.headers.get("Location")
            if answer.status not in _SENT_ON or not where:
                return answer
            url = urljoin(url, where)
        raise OSError(f"sends readers on more than {REDIRECTS} times")

    def _tried(self, url: str, headers: dict[str, str], most: int) -> Answer:
        for left in range(TRIES - 1, -1, -1):
            try:
                answer = self._asked(checked(url, self._hosts), headers, most)
                if answer.status not in _AGAIN or not left:
                    return answer
            except (OSError, http.client.HTTPException) as error:
                if not left or isinstance(error, socket.gaierror | ssl.SSLCertVerificationError | TimeoutError):
                    raise (error if isinstance(error, OSError) else OSError(*error.args)) from error
            time.sleep(0.2 * (TRIES - left))
        raise AssertionError("the last try returns or raises")

    def _asked(self, parts: SplitResult, headers: dict[str, str], most: int) -> Answer:
        host, port = (parts.hostname or "").casefold(), parts.port or (443 if parts.scheme == "https" else 80)
        key = parts.scheme, host, port
        with self._lock:
            idle = self._idle.get(key)
            connection = idle.pop() if idle else None
        fresh = connection is None
        if connection is None:
            connection = (_Secure if parts.scheme == "https" else _Plain)(host, port, listed=host in self._hosts)
        target = quote(parts.path or "/", safe="/%~!$&'()*+,;=:@") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("GET", target, headers={"User-Agent": "Slidecase", **headers})
            got = connection.getresponse()
            answer = Answer(got.status, got.headers, _body(got, most))
        except (http.client.RemoteDisconnected, ConnectionError):
            connection.close()
            if fresh:
                raise
            return self._asked(parts, headers, most)  # the server had closed a kept connection meanwhile
        except BaseException:
            connection.close()
            raise
        if got.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.setdefault(key, []).append(connection)
        return answer


def _body(got: http.client.HTTPResponse, most: int) -> bytes:
    if got.headers.get("Content-Encoding", "identity") != "identity":
        raise OSError(f"answers in {got.headers['Content-Encoding'][:40]}, which nobody asked for")
    if (got.length or 0) > most:
        raise Unreadable(f"has a part of {got.length:,} bytes; at most {most:,} are fetched at once")
    until, pieces, size = time.monotonic() + WHOLE, [], 0
    while piece := got.read1(PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise Unreadable(f"has a part of more than {most:,} bytes, which are not fetched at once")
        if time.monotonic() > until:
            raise TimeoutError("timed out")
    if got.length:
        raise ConnectionError("the connection ended before the answer did")
    got.close()  # all is read: the connection can be asked again
    return b"".join(pieces)


class _Plain(http.client.HTTPConnection):
    """`listed`: whether portal.yaml lists the host; then it may be at any address."""

    def __init__(self, host: str, port: int, *, listed: bool):
        super().__init__(host, port, timeout=TIMEOUT)
        self._listed = listed

    def connect(self) -> None:
        self.sock = _connected(self.host, self.port, listed=self._listed)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Secure(http.client.HTTPSConnection):
    """Through the proxy of this machine, where there is one: it resolves names itself and has rules of its own, but a name that
    is known here, too, must be public all the same."""

    def __init__(self, host: str, port: int, *, listed: bool):
        told = None if listed or proxy_bypass(host) else getproxies().get("https")
        self._proxy = urlsplit(told if "://" in told else f"http://{told}") if told else None
        at, by = (self._proxy.hostname or "", self._proxy.port or 80) if self._proxy else (host, port)
        super().__init__(at, by, timeout=TIMEOUT, context=_context())
        self._meant, self._listed = (host, port), listed
        if self._proxy:
            self.set_tunnel(host, port)

    def connect(self) -> None:
        if self._proxy:
            with suppress(socket.gaierror):
                _addresses(*self._meant, listed=False)
            super().connect()
            return
        plain = _connected(*self._meant, listed=self._listed)
        self.sock = _context().wrap_socket(plain, server_hostname=self._meant[0])


def _connected(host: str, port: int, *, listed: bool) -> socket.socket:
    last: OSError = OSError("there is no such server")
    for family, address in _addresses(host, port, listed=listed):
        plain = socket.socket(family, socket.SOCK_STREAM)
        plain.settimeout(CONNECT)
        try:
            plain.connect(address)
        except OSError as error:
            plain.close()
            last = error
            continue
        plain.settimeout(TIMEOUT)
        return plain
    raise last


def _addresses(host: str, port: int, *, listed: bool) -> list[tuple[socket.AddressFamily, Any]]:
    """Where a host is. Raises Forbidden where it is, also, at an address that is not public."""
    found: list[tuple[socket.AddressFamily, Any]] = [
        (family, address) for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]
    hidden = sorted({str(a[0]) for _, a in found if not public(str(a[0]))})
    if hidden and not listed:
        raise Forbidden(
            f"is at {hidden[0]}, which is not on the open internet; list its host under remote_hosts of portal.yaml, if it is trusted"
        )
    return found


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()
