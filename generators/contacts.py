"""Personal data of customers. It lives in this process's memory only; what leaves is a keyed token or a truncated address."""

from __future__ import annotations

from dataclasses import dataclass, field

from generators.people import BLOCK, Block
from generators.pools import fill_people
from generators.world import Purpose, World, open_stream
from ripple.rows.pii import Pepper, make_token, truncate_ip


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One customer's personal data, out of `repr` so that no log can hold it."""

    name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)
    ip: str = field(repr=False)


def draw_contacts(world: World, block: Block) -> list[Contact]:
    """The block's people, by position."""
    pool = fill_people(world.seed)
    stream = open_stream(world, Purpose.CONTACTS, block.index)
    firsts = stream.integers(0, len(pool.first_names), BLOCK).tolist()
    lasts = stream.integers(0, len(pool.last_names), BLOCK).tolist()
    domains = stream.integers(0, len(pool.mail_domains), BLOCK).tolist()
    octets = stream.integers(1, 255, (BLOCK, 4)).tolist()
    return [
        Contact(
            name=f"{pool.first_names[first]} {pool.last_names[last]}",
            email=f"{pool.first_names[first]}.{pool.last_names[last]}{block.first_number + position}@{pool.mail_domains[domain]}",
            phone=_phone(block.first_number + position),
            ip=".".join(map(str, address)),
        )
        for position, (first, last, domain, address) in enumerate(zip(firsts, lasts, domains, octets, strict=True))
    ]


def visitor_token(pepper: Pepper, customer_id: str) -> str:
    """What joins clickstream to sales."""
    return make_token(pepper, "customer_id", customer_id)


def visitor_columns(world: World, block: Block, pepper: Pepper) -> tuple[list[str], list[str]]:
    """Visitor token and truncated address of the block's customers, by position."""
    tokens = [visitor_token(pepper, customer_id) for customer_id in block.ids()]
    return tokens, [truncate_ip(contact.ip) for contact in draw_contacts(world, block)]


def contact_tokens(pepper: Pepper, contact: Contact) -> tuple[str, str]:
    """E-mail and phone token of one customer."""
    return make_token(pepper, "email", contact.email), make_token(pepper, "phone", contact.phone)


def _phone(number: int) -> str:
    """A number of its own for each of 6.3 thousand million customers: +1, three digits from 201, seven from 2000000."""
    area, rest = number % 789, number // 789
    return f"+1 {201 + area} {200 + rest // 10_000 % 800:03d}-{rest % 10_000:04d}"
