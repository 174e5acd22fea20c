"""Which machines a build may be sent to by what a study names: none around it, unless portal.yaml lists them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ingest.images.ome_zarr.remote import Afar
from ingest.images.ome_zarr.web import Forbidden, Web, checked, public
from tests.imaging.test_remote import far


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("93.184.215.14", True), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True), ("::ffff:93.184.215.14", True),
        ("127.0.0.1", False), ("127.8.8.8", False), ("0.0.0.0", False), ("10.1.2.3", False), ("172.20.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.100.100.200", False), ("224.0.0.1", False), ("255.255.255.255", False), ("240.0.0.1", False),
        ("::1", False), ("::", False), ("fe80::1%eth0", False), ("fd00:ec2::254", False), ("ff02::1", False), ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False), ("64:ff9b::a9fe:a9fe", False),
    ],
)  # fmt: skip
def test_addresses_of_the_open_internet(address: str, may: bool) -> None:
    assert public(address) is may


@pytest.mark.parametrize(
    ("url", "hosts", "why"),
    [
        ("https://example.org/a.zarr", (), ""),
        ("http://example.org/a.zarr", (), "begins with http://"),
        ("http://example.org:8000/a.zarr", ("Example.org",), ""),
        ("https://example.org/a.zarr", ("storage.example.org",), "remote_hosts of portal.yaml does not list"),
        ("https://storage.example.org.evil.org/a.zarr", ("storage.example.org",), "does not list"),
        ("https://storage.example.org@evil.org/a.zarr", ("storage.example.org",), "no|not"),
        ("file:///etc/passwd", (), "not a web address"),
        ("https://[::1/a", (), "not a web address"),
        ("https://example.org:99999999/a", (), "not a web address"),
    ],
)
def test_what_an_address_says_of_itself(url: str, hosts: tuple[str, ...], why: str) -> None:
    if not why:
        checked(url, hosts)
        return
    with pytest.raises(Forbidden, match=why):
        checked(url, hosts)


class Server(ThreadingHTTPServer):
    """Answers `{}` to everything, or sends readers on to `to`; `asked` are the paths it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str] = []
        self.to = ""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.asked.append(self.path)
        self.send_response(302 if server.to else 200)
        if server.to:
            self.send_header("Location", server.to)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def two() -> Iterator[tuple[Server, Server]]:
    servers = Server(), Server()
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "at", ["http://127.0.0.1", "http://localhost", "https://localhost", "https://127.0.0.1", "https://[::ffff:127.0.0.1]"]
)
def test_this_machine_is_not_asked(at: str, two: tuple[Server, Server], tmp_path: Path) -> None:
    url = f"{at}:{two[0].port}/x.zarr"
    batches, problems = far(Afar(tmp_path / "kept.json"), tmp_path / "x1", url=url)
    assert not batches and not two[0].asked and not (tmp_path / "kept.json").exists()
    assert [(p.severity, p.place.path) for p in problems] == [("error", "components[0].images[0].url")]
    assert url in problems[0].what and "remote_hosts" in problems[0].mend


def test_a_kept_answer_is_no_way_in(two: tuple[Server, Server], tmp_path: Path) -> None:
    """What was drawn while a host was listed is left out when it no longer is."""
    url, kept = f"http://127.0.0.1:{two[0].port}/x.zarr", tmp_path / "kept.json"
    kept.write_text(f'{{"{url}": {{"mark": "0", "images": [["", null, 1]], "root": "zarr.json", "etag": "1", "asked": 9e9}}}}')
    assert far(Afar(kept, lambda: 9e9, hosts=["127.0.0.1"]), tmp_path / "x1", url=url)[0] and not two[0].asked
    batches, (problem,) = far(Afar(kept, lambda: 9e9), tmp_path / "x1", url=url)
    assert not batches and problem.severity == "error"


def test_where_readers_are_sent_on_to_is_checked(two: tuple[Server, Server]) -> None:
    first, second = two
    web = Web(["127.0.0.1"])
    first.to = f"http://127.0.0.1:{second.port}/there"
    assert web.get(f"http://127.0.0.1:{first.port}/here").body == b"{}" and (first.asked, second.asked) == (["/here"], ["/there"])
    for to in (f"http://localhost:{second.port}/", f"https://localhost:{second.port}/", "file:///etc/passwd", "//169.254.169.254/latest"):
        first.to = to
        with pytest.raises(Forbidden):
            web.get(f"http://127.0.0.1:{first.port}/here")
    assert second.asked == ["/there"]
    first.to = "/again"
    with pytest.raises(OSError, match="sends readers on"):
        web.get(f"http://127.0.0.1:{first.port}/here")


def test_a_name_that_leads_here_gets_no_connection() -> None:
    """Not even a greeting: whoever can see which ports answer has a map of the network."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        with pytest.raises(Forbidden, match="not on the open internet"):
            Web().get(f"https://localhost:{listening.getsockname()[1]}/x")
        with pytest.raises(TimeoutError):
            listening.accept()


def test_an_answer_is_bounded(two: tuple[Server, Server]) -> None:
    with pytest.raises(Exception, match="at most 1 are fetched"):
        Web(["127.0.0.1"]).get(f"http://127.0.0.1:{two[0].port}/x", most=1)
