"""Whom to forget, the hashes that are kept, and what remembers a person between runs."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb

from kohorte.errors import KohorteError, shown
from kohorte.project import warehouse_path
from kohorte.publishing.files import opened, told

SEED = Path("seeds/forgotten_identifiers.csv")
LISTS = Path("seeds/manual_lists.csv")
#: Shorter identifiers stand in other words as well, and are looked for with their system only.
_SHORTEST = 6
_HEADER = ["salt", "identifier_hash"]
_CUSTOMER = "customer"


@dataclass(frozen=True)
class Person:
    """Whom to forget: the ids in the warehouse, first the present one, and all identifiers."""

    ids: tuple[str, ...]
    #: Kind and identifier, as in int_identity_map.
    identifiers: tuple[tuple[str, str], ...] = ()

    def names(self) -> set[str]:
        """Return every text that tells who it is."""
        found = set(self.ids)
        for kind, identifier in self.identifiers:
            found.add(identifier)
            if kind in ("account", "anonymous"):
                bare = identifier.partition(":")[2]
                found |= {bare} if len(bare) >= _SHORTEST else set()
        return found


def find_people(root: Path, customers: Sequence[str]) -> list[Person]:
    """Return the people with these ids.

    Raises KohorteError when the warehouse is not there or in use, or knows nobody of an id
    and nobody of it was forgotten.
    """
    hashes, salt = _forgotten(root)
    path = warehouse_path(root)
    people = []
    with opened(path) as connection:
        for customer in customers:
            try:
                person = _person(connection, customer)
            except (duckdb.CatalogException, duckdb.BinderException):
                message = f"{path} is half built, or older than the project; run: make run"
                raise KohorteError(message) from None
            if not person.identifiers and _hash(salt, _CUSTOMER, customer) not in hashes:
                message = f"there is no customer `{shown(customer)}` in the warehouse"
                raise KohorteError(f"{message}; ids look like shop:C0000000012")
            people.append(person)
    return people


def _person(connection: duckdb.DuckDBPyConnection, customer: str) -> Person:
    """Return what the warehouse knows of an id, which may be nothing."""
    identifiers = connection.execute(
        "select distinct identifier_type, identifier from int_identity_map"
        " where customer_id = ? and held_until is null order by all",
        [customer],
    ).fetchall()
    merged = connection.execute(
        "select distinct merged_customer_id from int_identity_merges"
        " where customer_id = ? order by 1",
        [customer],
    ).fetchall()
    return Person((customer, *(each for (each,) in merged)), tuple(identifiers))


def remember_hashes(root: Path, people: Sequence[Person]) -> int:
    """Add the hashes of all identifiers to the seed; return how many are new."""
    hashes, salt = _forgotten(root)
    salt = salt or secrets.token_hex(16)
    wanted = {
        _hash(salt, kind, identifier)
        for person in people
        for kind, identifier in (*person.identifiers, *((_CUSTOMER, each) for each in person.ids))
    }
    rows = [[salt, each] for each in sorted(hashes | wanted)]
    _write(root / SEED, [_HEADER, *rows])
    return len(wanted - hashes)


def strike_from_lists(root: Path, people: Sequence[Person]) -> int:
    """Take people off the manual lists; return how many entries that were."""
    path = root / LISTS
    if not path.exists():
        return 0
    names = {name.lower() for person in people for name in person.names()}
    rows = _rows(path)
    if not rows or _CUSTOMER not in rows[0]:
        return 0
    at = rows[0].index(_CUSTOMER)
    kept = [row for row in rows if len(row) <= at or row[at].strip().lower() not in names]
    if len(kept) < len(rows):
        _write(path, kept)
    return len(rows) - len(kept)


def strike_from_history(root: Path, people: Sequence[Person]) -> int:
    """Delete people from what runs remember of runs before; return how many rows that were.

    What each run makes anew from raw data is left to the next run.
    """
    ids = [each for person in people for each in person.ids]
    count = 0
    with opened(warehouse_path(root), read_only=False) as connection:
        tables = connection.execute(
            "select t.table_name from duckdb_tables() as t"
            " inner join duckdb_columns() as c using (table_oid)"
            " where c.column_name = 'customer_id' and t.schema_name = 'main'"
            " and t.database_name = current_database()"
            " and c.database_name = current_database() order by 1"
        ).fetchall()
        connection.begin()
        for (table,) in tables:
            if table.startswith(("segment_state_", "fct_segment_")):
                deleted = connection.execute(
                    f'delete from "{table}" where customer_id in (select unnest(?::varchar[]))'
                    " returning 1",
                    [ids],
                ).fetchall()
                count += len(deleted)
        connection.commit()
    return count


def _forgotten(root: Path) -> tuple[set[str], str]:
    """Return the hashes in the seed, and their salt; raises KohorteError for another form."""
    path = root / SEED
    rows = _rows(path) if path.exists() else [_HEADER]
    salts = {row[0] for row in rows[1:]}
    if rows[:1] != [_HEADER] or any(len(row) != 2 for row in rows) or len(salts) > 1:
        message = f"{SEED}: not as kohorte forget writes it"
        raise KohorteError(f"{message}: columns salt and identifier_hash, one salt in all rows")
    return {row[1] for row in rows[1:]}, next(iter(salts), "")


def _hash(salt: str, kind: str, identifier: str) -> str:
    """Return what the macro is_forgotten computes of an identifier."""
    return sha256(f"{salt}{kind}:{identifier}".encode()).hexdigest()


def _rows(path: Path) -> list[list[str]]:
    with told(path):
        return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Replace a file in one step."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    new = path.with_suffix(".new")
    with told(path):
        new.write_text(text.getvalue(), encoding="utf-8")
        new.replace(path)
