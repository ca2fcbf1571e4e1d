"""Plan how all segments of an entity are evaluated together.

Three steps, each a query. The conditions on activities and lists are looked up (see
`kohorte.lookups`) and packed for everybody who meets any. The words join them with the
feature mart and pack who is in which segment, again 60 to a number, so that the answer of
200 segments is four columns. The members unpack the words into one row a membership.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from sqlglot import exp

from kohorte.catalog import Activity, Column, Entity, Type
from kohorte.conditions.membership import kept_or
from kohorte.conditions.sample import threshold
from kohorte.dialects import bucket
from kohorte.lookup import WORD_BITS, Lookup, Query, has_flag, pack
from kohorte.lookups import Lookups
from kohorte.moments import Clock, Moment
from kohorte.moving import Moving
from kohorte.predicates.base import Rank, Scope, certain_column, literal, two_valued
from kohorte.predicates.ranks import among_the_first
from kohorte.segments.segment import Kind, Limit, Segment
from kohorte.specs import Specs

FLAG_PREFIX = "in_segment__"
#: What the text of a trait is read as.
_TRAIT_TYPES = {Type.NUMBER: "decimal(18, 4)", Type.BOOLEAN: "boolean", Type.DATE: "date"}
#: A segment with a limit before it is cut, and a member who only a list put in.
UNLIMITED_PREFIX = "unlimited__"
LIST_PREFIX = "by_list__"


@dataclass
class Moments:
    """The instants that one query needs, each computed once."""

    clock: Clock
    columns: dict[str, exp.Expr] = field(default_factory=dict)

    def column(self, moment: Moment, *, local: bool) -> exp.Expr:
        """Return the column of an instant in the CTE `moments`."""
        is_other = local and moment.anchor != "day" and self.clock.timezone != "UTC"
        name = f"local_{moment.name}" if is_other else moment.name
        if name not in self.columns:
            self.columns[name] = moment.sql(self.clock, local=local)
        return certain_column(name, "moments")

    def query(self) -> exp.Select:
        """Return the query of the CTE."""
        columns = [_named(sql, name) for name, sql in self.columns.items()]
        return exp.select(*columns).from_(exp.to_table("int_clock"))


@dataclass(frozen=True)
class ActivityScope:
    """A query on an activity table."""

    activity: Activity
    moments: Moments

    def moment(self, moment: Moment, *, local: bool) -> exp.Expr:
        """Return the column that holds an instant."""
        return self.moments.column(moment, local=local)

    def local(self, instant: exp.Expr) -> exp.Expr:
        """Return what the wall clock shows at an instant."""
        return self.moments.clock.to_local(instant)

    def utc(self, wall: exp.Expr) -> exp.Expr:
        """Return the instant at which the wall clock shows this."""
        return self.moments.clock.to_utc(wall)

    def column(self, name: str) -> exp.Expr:
        """Return a column of the activity table."""
        return _column(self.activity.columns[name], self.activity.model)

    def rank(self, column: str, per: str | None, *, descending: bool) -> Rank:
        """Refuse; the reader lets no ranking of an activity through."""
        raise NotImplementedError


@dataclass
class Evaluation:
    """The words' query in the making: one entity, all its segments."""

    entity: Entity
    clock: Clock
    lookups: dict[str, Lookup] = field(default_factory=dict)
    attributes: dict[str, None] = field(default_factory=dict)
    ranks: dict[tuple[str, str | None, bool], int] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    #: The flags of each level: column to expression.
    flags: list[dict[str, exp.Expr]] = field(default_factory=list)
    lookup_moments: Moments = field(init=False)
    moments: Moments = field(init=False)

    def __post_init__(self) -> None:
        self.lookup_moments = Moments(self.clock)
        self.moments = Moments(self.clock)

    def add(self, segment: Segment) -> None:
        """Evaluate one more segment; those that it uses were added before."""
        level = max((self.levels[name] + 1 for name in segment.uses()), default=0)
        build = SegmentBuild(self, _source(level))
        condition = two_valued(segment.condition.sql(build))
        if segment.limit:
            self._put(level, UNLIMITED_PREFIX + segment.name, condition)
            level += 1
            condition = self._limited(segment.name, segment.limit, _source(level))
        if segment.kind is Kind.SNAPSHOT:
            build = SegmentBuild(self, _source(level))
            condition = two_valued(kept_or(segment.name, condition, build))
        self._put(level, FLAG_PREFIX + segment.name, condition)
        self.levels[segment.name] = level
        if segment.include and segment.rule:
            by_rule = two_valued(segment.rule.sql(SegmentBuild(self, _source(level))))
            self._put(level, LIST_PREFIX + segment.name, exp.Not(this=exp.paren(by_rule)))

    def _put(self, level: int, column: str, sql: exp.Expr) -> None:
        while len(self.flags) <= level:
            self.flags.append({})
        self.flags[level][column] = sql

    def _limited(self, name: str, limit: Limit, source: str) -> exp.Expr:
        """Return whether a member has one of the highest values among the members."""
        for column in filter(None, (limit.by, limit.per)):
            self.attributes[column] = None
        member = certain_column(UNLIMITED_PREFIX + name, source)
        named = self.entity.attributes
        value = exp.column(named[limit.by].sql_name, table=source)
        key = exp.column(self.entity.key, table=source)
        per = exp.column(named[limit.per].sql_name, table=source) if limit.per else None
        position, ranked = _rank(key, value, [member, *([per] if per else [])], True)
        known = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
        inside = among_the_first(Rank(position, ranked), limit.amount, limit.is_share)
        return exp.and_(member.copy(), known, inside, copy=False)

    def lookup(self, keys: exp.Select, comment: str) -> Lookup:
        """Return the look-up of a query, the same one for the same query."""
        join_moments(keys)
        selected = keys.selects[0]
        if selected.alias_or_name != self.entity.key:
            named = exp.alias_(selected.copy(), self.entity.key)
            keys = keys.select(named, append=False, copy=False)
        text = keys.sql()
        if text not in self.lookups:
            self.lookups[text] = Lookup(len(self.lookups) + 1, keys, comment)
        return self.lookups[text]


@dataclass(frozen=True)
class SegmentBuild:
    """The scope of one segment: the columns of the level below its own."""

    evaluation: Evaluation
    source: str

    def moment(self, moment: Moment, *, local: bool) -> exp.Expr:
        """Return the column that holds an instant."""
        return self.evaluation.moments.column(moment, local=local)

    def local(self, instant: exp.Expr) -> exp.Expr:
        """Return what the wall clock shows at an instant."""
        return self.evaluation.clock.to_local(instant)

    def utc(self, wall: exp.Expr) -> exp.Expr:
        """Return the instant at which the wall clock shows this."""
        return self.evaluation.clock.to_utc(wall)

    def column(self, name: str) -> exp.Expr:
        """Return an attribute."""
        self.evaluation.attributes[name] = None
        return _column(self.evaluation.entity.attributes[name], self.source)

    def rank(self, column: str, per: str | None, *, descending: bool) -> Rank:
        """Return the columns of a ranking, computed once for all segments."""
        ranks = self.evaluation.ranks
        number = ranks.setdefault((column, per, descending), len(ranks) + 1)
        for name in filter(None, (column, per)):
            self.evaluation.attributes[name] = None
        return Rank(
            certain_column(f"rank__{number}", self.source),
            certain_column(f"ranked__{number}", self.source),
        )

    def activity(self, activity: Activity) -> Scope:
        """Return the scope of a query on an activity table."""
        return ActivityScope(activity, self.evaluation.lookup_moments)

    def met(self, keys: exp.Select, comment: str) -> exp.Expr:
        """Return the test of a look-up's flag."""
        return self.evaluation.lookup(keys, comment).met(self.source)

    def bucket(self, seed: str) -> exp.Expr:
        """Return a whole number below 2^32 that depends on seed and key alone."""
        key = exp.column(self.evaluation.entity.key, table=self.source)
        return bucket(seed, key, self.evaluation.clock.dialect)

    def member(self, segment: str) -> exp.Expr:
        """Return the flag of another segment, of a level below."""
        return certain_column(FLAG_PREFIX + segment, self.source)


@dataclass(frozen=True)
class EntityPlan:
    """The queries of one entity; models are imported by name."""

    entity: Entity
    segments: tuple[Segment, ...]
    #: The place of each packed flag: its word and its bit are place // 60 and % 60.
    places: Mapping[str, int]
    conditions: tuple[Query, ...]
    words: tuple[Query, ...]
    dialect: str
    #: What of the conditions an update keeps; none without any.
    moving: Moving

    @cached_property
    def members(self) -> tuple[Query, ...]:
        """Return the query with one row a segment and member."""
        return _members(self.entity, self.segments, self.dialect)


def conditions_model(entity: str) -> str:
    """Return the name of the model of packed conditions."""
    return f"int_segment_conditions__{entity}"


def words_model(entity: str) -> str:
    """Return the name of the model of packed memberships."""
    return f"int_segment_words__{entity}"


def members_model(entity: str) -> str:
    """Return the name of the model of unpacked memberships."""
    return f"int_segment_members__{entity}"


def plan_entity(
    entity: Entity, specs: Specs, clock: Clock, counted: Collection[str] = ()
) -> EntityPlan:
    """Plan the evaluation of all segments of one entity.

    `counted` are the models of activities of which it is known whose rows arrived.
    """
    segments = tuple(s for s in specs.segments if s.entity == entity.name)
    evaluation = Evaluation(entity, clock)
    for segment in segments:
        evaluation.add(segment)
    asked = tuple(evaluation.lookups.values())
    moving = Moving.of(asked, counted)
    lookups = Lookups.of(moving.apart(asked))
    return EntityPlan(
        entity, segments, _places(segments),
        _conditions(evaluation, lookups), _words(evaluation, lookups, segments),
        clock.dialect, replace(moving, flags=lookups.flags(moving.asked)),
    )  # fmt: skip


def join_moments(query: exp.Select) -> None:
    """Join the instants to each select of a query that reads them."""
    needy = {
        id(column.parent_select): column.parent_select
        for column in query.find_all(exp.Column)
        if column.table == "moments" and column.parent_select
    }
    for select in needy.values():
        select.join("moments", join_type="cross", copy=False)


def _column(column: Column, table: str) -> exp.Column:
    make = exp.column if column.is_nullable else certain_column
    return make(column.sql_name, table)


def _named(sql: exp.Expr, name: str) -> exp.Expr:
    """Return an expression under a name, without an alias if it bears it already."""
    if isinstance(sql, exp.Column) and sql.name == name:
        return sql
    return exp.alias_(sql, name)


def _conditions(evaluation: Evaluation, lookups: Lookups) -> tuple[Query, ...]:
    """Return the queries that look every condition up and pack the answers."""
    if not lookups.groups:
        return ()
    name = conditions_model(evaluation.entity.name)
    queries = lookups.queries(evaluation.entity.key, name)
    if not evaluation.lookup_moments.columns:
        return tuple(queries)
    return (Query("moments", (evaluation.lookup_moments.query(),)), *queries)


def _words(
    evaluation: Evaluation, lookups: Lookups, segments: Sequence[Segment]
) -> tuple[Query, ...]:
    """Return the queries that evaluate every segment and pack the answers."""
    queries = [Query("features", (_features(evaluation, lookups),))]
    if evaluation.moments.columns:
        queries.insert(0, Query("moments", (evaluation.moments.query(),)))
    source = "features"
    for number, flags in enumerate(evaluation.flags, start=1):
        columns = [_flag(column, lookups.placed(sql)) for column, sql in flags.items()]
        star = exp.Column(this=exp.Star(), table=exp.to_identifier(source))
        level = exp.select(star, *columns).from_(source)
        if any(c.table == "moments" for sql in flags.values() for c in sql.find_all(exp.Column)):
            level = level.join("moments", join_type="cross", copy=False)
        source = f"level_{number}"
        queries.append(Query(source, (level,)))
    key = evaluation.entity.key
    words = exp.select(exp.column(key)).from_(source)
    packed = list(_places(segments))
    for number in range(0, len(packed), WORD_BITS):
        group = packed[number : number + WORD_BITS]
        word = exp.alias_(
            pack([(exp.column(column), bit) for bit, column in enumerate(group)]),
            f"word_{number // WORD_BITS}",
        )
        words = words.select(word, copy=False)
    return (*queries, Query(words_model(evaluation.entity.name), (words,)))


def _source(level: int) -> str:
    """Return the name of the CTE that a level reads from."""
    return f"level_{level}" if level else "features"


def _flag(column: str, sql: exp.Expr) -> exp.Expr:
    """Return a condition as a boolean column."""
    if isinstance(sql, exp.Connector):
        sql = exp.paren(sql, copy=False)
    return exp.alias_(sql, column)


def _features(evaluation: Evaluation, lookups: Lookups) -> exp.Select:
    """Return the query of the attributes, ranks and packed conditions in use."""
    entity = evaluation.entity
    key = exp.column(entity.key, table=entity.model if lookups.groups else None)
    names = (name for name in evaluation.attributes if name != entity.key)
    read = [_read(entity.attributes[name]) for name in names]
    query = exp.select(key, *read).from_(entity.model)
    for (column, per, descending), number in evaluation.ranks.items():
        groups = [_value(entity.attributes[per])] if per else []
        value = _value(entity.attributes[column])
        position, ranked = _rank(key, value, groups, descending)
        query = query.select(
            exp.alias_(position, f"rank__{number}"),
            exp.alias_(ranked, f"ranked__{number}"),
            copy=False,
        )
    if not lookups.groups:
        return query
    for word in range(lookups.word_count):
        packed = exp.column(f"conditions_{word}")
        packed_or_none = exp.func("coalesce", packed, exp.Literal.number(0))
        query = query.select(exp.alias_(packed_or_none, f"conditions__{word}"), copy=False)
    same = exp.EQ(this=key.copy(), expression=exp.column(entity.key, table="conditions"))
    return query.join("conditions", on=same, join_type="left", copy=False)


def _read(column: Column) -> exp.Expr:
    """Return an attribute of the feature mart, under the name that it has in SQL."""
    value = _value(column)
    return exp.alias_(value, column.sql_name) if column.map else value


def _value(column: Column) -> exp.Expr:
    """Return an attribute of the feature mart; a trait's text as its type, else null."""
    if not column.map:
        return exp.column(column.name)
    text = exp.Bracket(this=exp.column(column.map), expressions=[literal(column.key)])
    if column.type is Type.TEXT:
        return text
    return exp.TryCast(this=text, to=exp.DataType.build(_TRAIT_TYPES[column.type]))


def _rank(
    key: exp.Column, value: exp.Expr, groups: Sequence[exp.Expr], descending: bool
) -> tuple[exp.Expr, exp.Expr]:
    """Return a row's position among those with a value, ties by key, and their count."""
    by_value = exp.Ordered(this=value.copy(), desc=descending, nulls_first=False)
    by_key = exp.Ordered(this=key.copy(), desc=False)
    position = exp.Window(
        this=exp.RowNumber(),
        partition_by=[group.copy() for group in groups],
        order=exp.Order(expressions=[by_value, by_key]),
    )
    ranked = exp.Window(
        this=exp.Count(this=value.copy()), partition_by=[group.copy() for group in groups]
    )
    return position, ranked


def _places(segments: Sequence[Segment]) -> dict[str, int]:
    """Return the place of each column that is packed: memberships, then by list only."""
    members = [FLAG_PREFIX + segment.name for segment in segments]
    by_list = [LIST_PREFIX + s.name for s in segments if s.include and s.rule]
    return {column: place for place, column in enumerate([*members, *by_list])}


def _members(entity: Entity, segments: Sequence[Segment], dialect: str) -> tuple[Query, ...]:
    """Return the query with one row a segment and member."""
    model = words_model(entity.name)
    places = _places(segments)
    selects = [_member_rows(segment, entity, places, dialect) for segment in segments]
    if not selects:
        texts = [
            exp.alias_(exp.cast(exp.Null(), "text"), name)
            for name in ("segment", "through", "variant")
        ]
        selects = [exp.select(*texts, exp.column(entity.key)).from_(model).where(exp.false())]
    return (Query(members_model(entity.name), tuple(selects)),)


def _member_rows(
    segment: Segment, entity: Entity, places: Mapping[str, int], dialect: str
) -> exp.Select:
    """Return the members of one segment, what put them in, and their variant."""
    return (
        exp.select(
            exp.alias_(exp.Literal.string(segment.name), "segment"),
            exp.alias_(_through(segment, places), "through"),
            exp.alias_(_variant(segment, exp.column(entity.key), dialect), "variant"),
            exp.column(entity.key),
        )
        .from_(words_model(entity.name))
        .where(_unpacked(FLAG_PREFIX + segment.name, places))
    )


def _unpacked(column: str, places: Mapping[str, int]) -> exp.Expr:
    word, bit = divmod(places[column], WORD_BITS)
    return has_flag(exp.column(f"word_{word}"), 1 << bit)


def through(segment: Segment) -> str:
    """Return what puts members in: tier, branch, reached, rule or list.

    Where both rule and list can, it is the rule, unless the flag of lists says otherwise.
    """
    if segment.kind in (Kind.TIER, Kind.BRANCH, Kind.REACHED):
        return str(segment.kind)
    return "rule" if segment.rule else "list"


def _through(segment: Segment, places: Mapping[str, int]) -> exp.Expr:
    """Return what put a member in."""
    usual = exp.Literal.string(through(segment))
    if LIST_PREFIX + segment.name not in places:
        return usual
    by_list = _unpacked(LIST_PREFIX + segment.name, places)
    return exp.case().when(by_list, exp.Literal.string("list")).else_(usual)


def _variant(segment: Segment, key: exp.Expr, dialect: str) -> exp.Expr:
    """Return the variant that the bucket falls into; null without a split."""
    if segment.split is None:
        return exp.cast(exp.Null(), "text")
    number, end, variant = bucket(segment.split.seed, key, dialect), Decimal(0), exp.case()
    for name, share in segment.split.variants:
        end += share
        below = exp.LT(this=number.copy(), expression=exp.Literal.number(threshold(end)))
        variant = variant.when(below, exp.Literal.string(name), copy=False)
    return variant
