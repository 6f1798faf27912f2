"""Pools of names, companies and streets' worth of text: Faker fills them once, NumPy draws from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from generators.world import Purpose, World, open_stream

SECTORS = ("fintech", "health", "retail", "ai", "energy", "logistics", "education", "games")
COUNTRIES = ("US", "GB", "DE", "FR", "IN", "BR", "CA", "JP")
CATEGORIES = ("laptops", "displays", "audio", "furniture", "software", "books", "office", "travel")
REFERRERS = ("direct", "search", "social", "email", "ad", "partner")
DEVICES = ("desktop", "mobile", "tablet")
PAGES = ("/", "/pricing", "/catalogue", "/blog", "/support", "/search", "/deals", "/about")
PRODUCTS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePool:
    """Parts of people's names and mail domains; kept out of `repr`."""

    first_names: tuple[str, ...] = field(repr=False)
    last_names: tuple[str, ...] = field(repr=False)
    mail_domains: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessPool:
    """Names of companies and investors."""

    companies: tuple[str, ...]
    investors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What is sold: `skus[i]`, its category and its price in cents."""

    skus: tuple[str, ...]
    categories: tuple[str, ...]
    price_cents: tuple[int, ...]


@cache
def fill_people(seed: int) -> PeoplePool:
    faker = _seeded_faker(seed)
    return PeoplePool(
        first_names=tuple(faker.first_name() for _ in range(400)),
        last_names=tuple(faker.last_name() for _ in range(600)),
        mail_domains=tuple(faker.free_email_domain() for _ in range(8)),
    )


@cache
def fill_businesses(seed: int) -> BusinessPool:
    faker = _seeded_faker(seed)
    return BusinessPool(
        companies=tuple(faker.company() for _ in range(600)),
        investors=tuple(f"{faker.last_name()} Ventures" for _ in range(60)),
    )


@cache
def fill_catalogue(world: World) -> Catalogue:
    cents = open_stream(world, Purpose.CATALOGUE).lognormal(7.6, 0.8, PRODUCTS)
    return Catalogue(
        skus=tuple(f"sku_{number:04d}" for number in range(PRODUCTS)),
        categories=tuple(CATEGORIES[number % len(CATEGORIES)] for number in range(PRODUCTS)),
        price_cents=tuple(int(price) for price in np.clip(cents, 199, 99_900)),
    )


def _seeded_faker(seed: int):  # type: ignore[no-untyped-def]  # Faker's providers are added at run time
    from faker import Faker

    faker = Faker("en_US")
    faker.seed_instance(seed)
    return faker
