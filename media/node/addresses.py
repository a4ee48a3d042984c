"""Where the node listens, and where browsers are told to look for it."""

from __future__ import annotations

import ipaddress
import socket

from media.node.sdp.answer import Endpoint


def resolved(bind: str) -> tuple[str, int]:
    """IP address and port of "host:port", where the host may be a name. Raises ValueError or OSError."""
    host, _, port = bind.rpartition(":")
    try:
        return str(ipaddress.ip_address(host.strip("[]"))), int(port)
    except ValueError:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)
        return str(found[0][4][0]), int(port)


def endpoint(text: str) -> tuple[str, int | None]:
    """IP address and port of `192.0.2.7`, `192.0.2.7:17000`, `2001:db8::7` or `[2001:db8::7]:17000`. Or ValueError."""
    if text.startswith("["):
        address, end, rest = text[1:].partition("]")
        if not end or (rest and not rest.startswith(":")):
            raise ValueError(f"not an address: {text!r}")
        port = rest[1:] if rest else None
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    else:
        address, port = text, None
    number = int(port) if port is not None else None
    if number is not None and not 0 < number < 65536:
        raise ValueError(f"no port: {number}")
    return str(ipaddress.ip_address(address)), number


def advertised(host: str, port: int, wished: list[tuple[str, int | None]]) -> tuple[Endpoint, ...]:
    """Where the candidates say the node is: what is wished for, else the bound address, else this machine's own
    (of both families where `[::]` is bound), and the loopback for browsers on it."""
    if wished:
        return tuple(Endpoint(address, port if given is None else given) for address, given in wished)
    bound = ipaddress.ip_address(host)
    if not bound.is_unspecified:
        return (Endpoint(host, port),)
    # `[::]` hears both families: both are told, so that a peer that has only one of them gets through.
    own = own_addresses(with_ipv6=bound.version == 6)
    # Loopback last: Firefox gathers no candidates on it, others take whichever answers.
    return tuple(Endpoint(address, port) for address in dict.fromkeys((*own, "127.0.0.1")))


def advertised_by_tcp(
    udp: tuple[Endpoint, ...], port: int, wished: list[tuple[str, int | None]], *, own_port: bool
) -> tuple[Endpoint, ...]:
    """The same of TCP. `own_port`: it was given an address of its own; otherwise a router that maps one port to the
    node is taken to map both protocols."""
    if wished:
        return tuple(Endpoint(address, port if given is None else given) for address, given in wished)
    return tuple(Endpoint(each.address, port) for each in udp) if own_port else udp


def own_addresses(*, with_ipv6: bool) -> tuple[str, ...]:
    """The addresses of the default routes, as far as there are any: IPv4, then IPv6."""
    # TEST-NET-1 (RFC 5737) and the documentation prefix (RFC 3849): connecting chooses a route and sends nothing.
    towards = [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")]
    found = []
    for family, address in towards if with_ipv6 else towards[:1]:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))
                own = ipaddress.ip_address(probe.getsockname()[0].partition("%")[0])
        except OSError:  # no route, or a kernel without this family
            continue
        if not own.is_link_local:  # says nothing to a peer without the interface's name
            found.append(str(own))
    return tuple(found)


def joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
