"""Whose address a request has: the client's, by the word of proxies of ours and nobody else's."""

import os
import subprocess
import sys
from ipaddress import ip_network

import pytest
from django.conf import settings as configured
from django.http import HttpResponse
from django.test import RequestFactory

from cabinet.middleware import client_address
from cabinet.tests.test_settings import ENVIRONMENT

OURS = ["10.0.0.0/8", "192.0.2.1", "2001:db8:ff::/48"]


def seen(remote, *forwarded):
    """The address that views see; each further argument is a header X-Forwarded-For."""
    found = []

    def view(request):
        found.append(request.META["REMOTE_ADDR"])
        return HttpResponse()

    # As WSGI servers join headers of one name.
    headers = {"HTTP_X_FORWARDED_FOR": ",".join(forwarded)} if forwarded else {}
    client_address(view)(RequestFactory().get("/", REMOTE_ADDR=remote, **headers))
    return found[0]


@pytest.fixture
def proxies(settings):
    settings.TRUSTED_PROXIES = [ip_network(each) for each in OURS]


@pytest.mark.parametrize("remote", ["203.0.113.7", "127.0.0.1", "2001:db8::7", "10.0.0.1"])
@pytest.mark.parametrize("forwarded", [[], ["198.51.100.1"], ["198.51.100.1, 10.0.0.1"], ["x"]])
def test_without_proxies_it_is_whoever_is_connected(remote, forwarded):
    assert configured.TRUSTED_PROXIES == []
    assert seen(remote, *forwarded) == remote


# What is connected, what is forwarded, who it is.
CASES = {
    "past the proxy": ("203.0.113.7", [], "203.0.113.7"),
    "past the proxy, with a lie": ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
    "past the proxy, naming it": ("203.0.113.7", ["198.51.100.1, 10.0.0.1"], "203.0.113.7"),
    "one proxy": ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
    "one that is named alone": ("192.0.2.1", ["203.0.113.7"], "203.0.113.7"),
    "its neighbour": ("192.0.2.2", ["203.0.113.7"], "192.0.2.2"),
    "a chain": ("10.0.0.1", ["203.0.113.7, 192.0.2.1, 10.9.9.9"], "203.0.113.7"),
    "a chain over several headers": ("10.0.0.1", ["203.0.113.7", "10.9.9.9"], "203.0.113.7"),
    "spoofed on the left": ("10.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
    "spoofed as ours": ("10.0.0.1", ["10.0.0.9, 203.0.113.7"], "203.0.113.7"),
    "spoofed in a chain": ("10.0.0.1", ["1.1.1.1, 10.1.1.1, 203.0.113.7, 10.2.2.2"], "203.0.113.7"),
    "spoofed in a header before": ("10.0.0.1", ["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
    "all ours": ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    "nothing forwarded": ("10.0.0.1", [], "10.0.0.1"),
    "an empty header": ("10.0.0.1", [""], "10.0.0.1"),
    "commas": ("10.0.0.1", [",,, ,"], "10.0.0.1"),
    "spaces": ("10.0.0.1", ["   203.0.113.7 ,  10.0.0.2  "], "203.0.113.7"),
    "without spaces": ("10.0.0.1", ["203.0.113.7,10.0.0.2"], "203.0.113.7"),
    "garbage": ("10.0.0.1", ["unknown"], "10.0.0.1"),
    "garbage on the left": ("10.0.0.1", ["<script>, 203.0.113.7"], "203.0.113.7"),
    "garbage in between": ("10.0.0.1", ["203.0.113.7, unknown, 10.0.0.2"], "10.0.0.2"),
    "a name": ("10.0.0.1", ["localhost"], "10.0.0.1"),
    "a network": ("10.0.0.1", ["203.0.113.0/24"], "10.0.0.1"),
    "a number": ("10.0.0.1", ["3405803783"], "10.0.0.1"),
    "leading zeros": ("10.0.0.1", ["203.0.113.007"], "10.0.0.1"),
    "Arabic digits": ("10.0.0.1", ["٢٠٣.0.113.7"], "10.0.0.1"),
    "a long one": ("10.0.0.1", ["1" * 100_000], "10.0.0.1"),
    "a long list": ("10.0.0.1", ["1.1.1.1, " * 10_000 + "203.0.113.7"], "203.0.113.7"),
    "IPv6": ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
    "IPv6 at length": ("10.0.0.1", ["2001:0DB8:0:0:0:0:0:7"], "2001:db8::7"),
    "IPv6 from a proxy with IPv6": ("2001:db8:ff::1", ["2001:db8::7"], "2001:db8::7"),
    "IPv6 past the proxy": ("2001:db8:fe::1", ["2001:db8::7"], "2001:db8:fe::1"),
    "IPv4 in IPv6": ("10.0.0.1", ["::ffff:203.0.113.7"], "203.0.113.7"),
    "a proxy's IPv4 in IPv6": ("::ffff:10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
    "IPv4 in IPv6 past the proxy": ("::ffff:203.0.113.7", ["1.1.1.1"], "203.0.113.7"),
    "a link's name": ("fe80::1%eth0", ["1.1.1.1"], "fe80::1"),
    "a port": ("10.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
    "ports in a chain": ("10.0.0.1", ["1.1.1.1:1, 203.0.113.7:2, 10.0.0.2:3"], "203.0.113.7"),
    "a port of IPv6": ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
    "a port that is none": ("10.0.0.1", ["203.0.113.7:http"], "10.0.0.1"),
    "a port of garbage": ("10.0.0.1", ["[x]:80"], "10.0.0.1"),
    "a socket": ("", ["203.0.113.7"], "203.0.113.7"),
    "a socket and a chain": ("", ["1.1.1.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
    "a socket without a word": ("", [], ""),
    "a socket with garbage": ("", ["unknown"], ""),
}


@pytest.mark.parametrize("case", CASES)
def test_behind_proxies(case, proxies):
    remote, forwarded, client = CASES[case]
    assert seen(remote, *forwarded) == client


def test_a_socket_without_proxies_has_nobody_s_word():
    assert seen("", "203.0.113.7") == ""


@pytest.mark.parametrize("header", ["X-Real-IP", "Forwarded", "X-Client-IP", "CF-Connecting-IP"])
def test_other_headers_say_nothing(header, proxies):
    name = f"HTTP_{header.upper().replace('-', '_')}"
    found = []
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", **{name: "203.0.113.7"})
    client_address(lambda request: found.append(request.META["REMOTE_ADDR"]))(request)
    assert found == ["10.0.0.1"]


def test_it_comes_before_all_else():
    assert configured.MIDDLEWARE[0] == "cabinet.middleware.client_address"


# The setting


def start(value):
    script = "from django.conf import settings; print(*settings.TRUSTED_PROXIES)"
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=configured.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "cabinet.settings",
            **ENVIRONMENT,
            "TRUSTED_PROXIES": value,
        },
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("", ""),
        (" , ", ""),
        ("10.0.0.1", "10.0.0.1/32"),
        (" 10.0.0.0/8 ,2001:db8::/32, ::1", "10.0.0.0/8 2001:db8::/32 ::1/128"),
    ],
)
def test_what_can_be_set(value, read):
    started = start(value)
    assert (started.stdout, started.stderr) == (f"{read}\n", "")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("proxy.example.kz", "'proxy.example.kz' does not appear to be an IPv4 or IPv6 network"),
        ("10.0.0.1/8", "10.0.0.1/8 has host bits set"),
        ("10.0.0.1;10.0.0.2", "'10.0.0.1;10.0.0.2' does not appear to be an IPv4 or IPv6 network"),
        ("10.0.0.1, *", "'*' does not appear to be an IPv4 or IPv6 network"),
    ],
)
def test_what_cannot_stops_it_with_a_sentence(value, why):
    started = start(value)
    assert started.returncode == 1
    assert started.stderr.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: "
        f"TRUSTED_PROXIES: {why}. Set it to addresses or networks, joined by commas."
    )


def test_manage_py_says_no_more_than_the_sentence():
    ended = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=configured.BASE_DIR,
        env={"PATH": os.environ["PATH"], **ENVIRONMENT, "TRUSTED_PROXIES": "all"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "TRUSTED_PROXIES: 'all' does not appear to be an IPv4 or IPv6 network."
        " Set it to addresses or networks, joined by commas.\n"
    )
