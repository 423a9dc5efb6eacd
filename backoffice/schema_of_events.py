"""The triggers that keep the events log and its comments from being changed."""

from collections.abc import Iterator

from backoffice.schema_objects import POSTGRESQL, SQLITE, Columns, SchemaObject, fixed

# An erasure may empty these columns of an event, and nothing else; see events/log.py.
ERASABLE = frozenset({"before", "after", "reason", "redacted_at"})
EMPTIED = (
    "NEW.before IS NULL AND NEW.after IS NULL AND NEW.reason IS NULL "
    "AND NEW.redacted_at IS NOT NULL"
)
REFUSAL = "events are append-only"
# A comment may be written anew, or its text may be erased; see models/event_comment.py.
WRITTEN_ANEW = "NEW.redacted_at IS NULL AND NEW.version = OLD.version + 1"
ERASED = "NEW.redacted_at IS NOT NULL AND NEW.text = '' AND NEW.salt = ''"
LASTING = ("id", "event_id", "author_id", "created_at")  # columns of a comment
SEALED = ("text_hash", "version", "edited_at")  # which an erasure leaves alone too
NO_CHANGE = "comments on events stay as they are"


def _sqlite_update(columns: Columns) -> str:
    kept = [name for name in columns if name not in ERASABLE]
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in kept)
    return (
        "CREATE TRIGGER events_no_update BEFORE UPDATE ON events "
        f"WHEN NOT ({same} AND {EMPTIED}) BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


def _postgresql_body(columns: Columns) -> str:
    kept = [name for name in columns if name not in ERASABLE]
    new = ", ".join(f"NEW.{name}" for name in kept)
    old = ", ".join(f"OLD.{name}" for name in kept)
    return f"""
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF ({new}) IS NOT DISTINCT FROM ({old}) AND {EMPTIED} THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '{REFUSAL}';
END """


def _comment_may_change(same: str) -> str:
    """Return the condition for a change of a comment; `same` compares one column, by its name."""
    lasting = " AND ".join(same.format(name=name) for name in LASTING)
    sealed = " AND ".join(same.format(name=name) for name in SEALED)
    return f"OLD.redacted_at IS NULL AND {lasting} AND ({WRITTEN_ANEW} OR ({ERASED} AND {sealed}))"


def _postgresql_body_of_comments() -> str:
    condition = _comment_may_change("NEW.{name} IS NOT DISTINCT FROM OLD.{name}")
    return f"""
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF {condition} THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '{NO_CHANGE}';
END """


def _sqlite_triggers_of_comments() -> dict[str, str]:
    """Return when each trigger refuses what is done to a comment, by its name."""
    condition = _comment_may_change("NEW.{name} IS OLD.{name}")
    is_there = "EXISTS (SELECT 1 FROM event_comments WHERE id = NEW.id)"
    return {
        "event_comments_no_delete": "BEFORE DELETE ON event_comments",
        "event_comments_no_replace": f"BEFORE INSERT ON event_comments WHEN {is_there}",
        "event_comments_no_update": f"BEFORE UPDATE ON event_comments WHEN NOT ({condition})",
    }


def _postgresql_triggers_of_comments() -> dict[str, str]:
    """Return when each trigger asks its function, by its name."""
    return {
        "event_comments_guarded": "BEFORE DELETE OR UPDATE ON event_comments FOR EACH ROW",
        "event_comments_no_truncate": "BEFORE TRUNCATE ON event_comments FOR EACH STATEMENT",
    }


def _of_comments() -> Iterator[SchemaObject]:
    """Yield what keeps comments as they are, but for their author and an erasure."""
    table = "event_comments"
    for name, when in _sqlite_triggers_of_comments().items():
        refusal = f"BEGIN SELECT RAISE(ABORT, '{NO_CHANGE}'); END"
        statement = fixed(f"CREATE TRIGGER {name} {when} {refusal}")
        yield SchemaObject(SQLITE, "trigger", name, table, statement)
    body = fixed(_postgresql_body_of_comments())
    yield SchemaObject(POSTGRESQL, "function", "event_comments_guarded", table, body)
    for name, when in _postgresql_triggers_of_comments().items():
        statement = fixed(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION event_comments_guarded()")
        yield SchemaObject(POSTGRESQL, "trigger", name, table, statement)


OF_EVENTS = (
    *_of_comments(),
    SchemaObject(
        SQLITE,
        "trigger",
        "events_no_delete",
        "events",
        fixed(
            "CREATE TRIGGER events_no_delete BEFORE DELETE ON events "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        ),
    ),
    # INSERT OR REPLACE deletes rows without running the trigger above.
    SchemaObject(
        SQLITE,
        "trigger",
        "events_no_replace",
        "events",
        fixed(
            "CREATE TRIGGER events_no_replace BEFORE INSERT ON events "
            "WHEN NEW.id <= (SELECT max(id) FROM events) "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        ),
    ),
    SchemaObject(SQLITE, "trigger", "events_no_update", "events", _sqlite_update),
    SchemaObject(POSTGRESQL, "function", "events_append_only", "events", _postgresql_body),
    SchemaObject(
        POSTGRESQL,
        "trigger",
        "events_append_only",
        "events",
        fixed(
            "CREATE TRIGGER events_append_only BEFORE DELETE OR UPDATE ON events "
            "FOR EACH ROW EXECUTE FUNCTION events_append_only()"
        ),
    ),
    SchemaObject(
        POSTGRESQL,
        "trigger",
        "events_no_truncate",
        "events",
        fixed(
            "CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events "
            "FOR EACH STATEMENT EXECUTE FUNCTION events_append_only()"
        ),
    ),
)
