"""Every code with which something is refused: where it is met, what it means, what to do. `docs/codes.md` is this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PLACES: Mapping[str, str] = {
    "row": "A row that broke its flow's contract. It is in quarantine, its file goes on: `ripple quarantine`.",
    "object": "An object of Bronze that is rejected whole. It stays where it is, and none of its rows reach a table.",
    "event": "An event or a command that can never work. It is a dead letter: `ripple dead-letters`.",
}


@dataclass(frozen=True, slots=True)
class Code:
    """Where a code is met (a key of `PLACES`), what it means, and the next step."""

    place: str
    meaning: str
    next_step: str


_FIX_ROW = "Correct the line, at its source too, and drop it back: `ripple drop FILE --corrects QUARANTINE`."
_AGAIN = "Drop the file again, whole, under a new name."
_RESEND = "Correct what sends it; the corrected command or event is a new message."

CODES: Mapping[str, Code] = {
    "missing_field": Code("row", "A field that the contract requires is absent or null.", _FIX_ROW),
    "unknown_field": Code(
        "row", "A field that the contract does not know.", "Add it to the contract, or leave it out at the source."
    ),
    "wrong_type": Code("row", "A value of another type than the contract's; nothing is coerced.", _FIX_ROW),
    "out_of_range": Code("row", "A value outside the contract's limits, length or pattern.", _FIX_ROW),
    "not_in_enum": Code("row", "A value that is none of those that the contract lists.", _FIX_ROW),
    "timestamp_unparseable": Code("row", "A text that no declared timestamp format reads.", _FIX_ROW),
    "timestamp_ambiguous": Code("row", "A date that two readings share, day or month first.", _FIX_ROW),
    "timestamp_without_zone": Code("row", "A time without a zone where the contract declares none.", _FIX_ROW),
    "timestamp_in_gap": Code("row", "A local time that its zone's clocks skipped, as summer time began.", _FIX_ROW),
    "timestamp_in_fold": Code(
        "row", "A local time that its zone's clocks showed twice, as summer time ended.", _FIX_ROW
    ),
    "timestamp_too_fine": Code(
        "row", "A time of Parquet that is finer than a microsecond.", "Write it in microseconds."
    ),
    "timestamp_out_of_range": Code("row", "A time outside the years 1 to 9999.", _FIX_ROW),
    "implausible_time": Code(
        "row",
        "A time later than the file's arrival and its flow's slack, or before the contract's floor.",
        "Correct the source's clock or format, then the line: `ripple drop FILE --corrects QUARANTINE`.",
    ),
    "malformed_json": Code("row", "A line that is not one JSON object, or nests deeper than 64.", _FIX_ROW),
    "duplicate_key": Code("row", "A JSON object that has a key twice; parsers keep the last in silence.", _FIX_ROW),
    "invalid_utf8": Code("row", "A line that is not UTF-8, or holds U+FFFD, the scar of an earlier mistake.", _FIX_ROW),
    "line_too_long": Code("row", "A line of more than 1 MiB.", _FIX_ROW),
    "malformed_csv": Code("row", "A record with a quote where none may stand, or that nothing closes.", _FIX_ROW),
    "wrong_field_count": Code("row", "A record with more or fewer fields than there are names.", _FIX_ROW),
    "byte_order_mark": Code("row", "A first line that begins with a byte order mark.", _FIX_ROW),
    "correction_unknown": Code(
        "row",
        "A corrected line that names a line which is not in that quarantine.",
        "See `ripple quarantine show OBJECT`.",
    ),
    "too_many_bad_rows": Code(
        "object",
        "More of its rows are bad than the flow's ratio allows, 5 % by default.",
        "Look at them with `ripple quarantine show OBJECT`. Drop a corrected file under a new name, or, where the contract was "
        "wrong, deploy the new one and `ripple replay --object OBJECT`.",
    ),
    "object_empty": Code("object", "It has no bytes, or blank lines only.", _AGAIN),
    "format_unexpected": Code("object", "Its flow comes in another format.", "Drop it in its flow's format."),
    "gzip_corrupt": Code("object", "It cannot be inflated to its end.", _AGAIN),
    "gzip_twice": Code("object", "It is gzip within gzip.", "Compress it once, and drop it again under a new name."),
    "encoding_unknown": Code(
        "object",
        "Its Content-Encoding is not read: any but gzip and zstd, another than its name's, and any of Parquet.",
        "Store it without one, or with the one that its name says.",
    ),
    "gzip_bomb": Code("object", "It inflates past 200 times its size or 4 GiB.", "Drop its rows in smaller files."),
    "zstd_corrupt": Code("object", "It is zstd that cannot be inflated to its end.", _AGAIN),
    "zstd_bomb": Code(
        "object", "It is zstd that inflates past 200 times its size or 4 GiB.", "Drop its rows in smaller files."
    ),
    "json_malformed": Code("object", "It is no JSON array, and no JSON object, to its end.", _AGAIN),
    "header_malformed": Code(
        "object",
        "Its first record does not name each field once, or names none of the contract's.",
        "Compare the dialect in the flow's contract: delimiter, quote, header.",
    ),
    "avro_corrupt": Code(
        "object", "It cannot be read as an Avro container file, or a block has more than 64 MiB.", _AGAIN
    ),
    "parquet_corrupt": Code(
        "object", "It cannot be read as Parquet.", "Replay its manifest: `ripple replay --object MANIFEST`."
    ),
    "schema_mismatch": Code(
        "object",
        "Its columns are not those of the contract.",
        "Export it with the contract's columns, or change the contract.",
    ),
    "parquet_too_large": Code(
        "object",
        "Its pages declare more than 200 times its size, 32 MiB a page or 5,000,000 rows.",
        "Export it in smaller objects.",
    ),
    "correction_malformed": Code(
        "object", "What it corrects is no quarantine object of its flow.", "See `ripple quarantine` for those that are."
    ),
    "correction_origin_missing": Code(
        "object", "The quarantine object that it corrects, or the one that this is of, is gone.", _AGAIN
    ),
    "correction_of_rejected": Code(
        "object", "The origin was rejected whole: none of its rows are in silver.", "Drop the whole file, corrected."
    ),
    "correction_of_correction": Code(
        "object", "The origin is itself a correction.", "Correct the first quarantine: it is still open."
    ),
    "correction_too_large": Code(
        "object", "The quarantine that it corrects has more than 256 MiB.", "Drop the whole file, corrected."
    ),
    "count_mismatch": Code("object", "It holds another number of rows than its metadata promises.", _AGAIN),
    "quarantine_mismatch": Code(
        "object",
        "The quarantine object that its metadata names is missing, in another bucket, or holds another number of records.",
        "Replay its manifest: `ripple replay --object MANIFEST`.",
    ),
    "whole_malformed": Code(
        "object",
        "Its metadata `ripple-whole-at` is no time before the object was written, or its flow has no `max_deleted`.",
        "Drop it again with the time at which it was all that the flow had, or without that metadata.",
    ),
    "metadata_malformed": Code("object", "The row counts in its metadata are no integers.", _AGAIN),
    "path_unknown": Code(
        "object",
        "Its name is not FLOW/dt=YYYY-MM-DD/NAME.FORMAT: jsonl, json, csv, tsv or avro, with .gz or .zst if need be, or parquet.",
        "Drop it under such a name: `ripple drop`.",
    ),
    "path_unsafe": Code(
        "object", "Its name has control characters, '//', '.' or '..' parts.", "Drop it under another name."
    ),
    "flow_invalid": Code(
        "object",
        "The flow's file in `flows/` does not declare a flow.",
        "`ripple flow check` names each fault; correct the file, deploy, and replay the object.",
    ),
    "flow_unknown": Code(
        "object", "No flow has that name.", "Use the name of a flow, or add the flow: docs/extend.md."
    ),
    "object_gone": Code(
        "object",
        "It was overwritten or deleted before it was landed.",
        "Nothing, if a newer generation of the name landed; else drop the file again.",
    ),
    "object_missing": Code(
        "event",
        "The object or generation that it names is gone.",
        "Drop the file again, or let it go: nothing of it was read.",
    ),
    "event_malformed": Code("event", "It is no CloudEvent, or a field of its data is missing or wrong.", _RESEND),
    "event_too_large": Code("event", "It is larger than Pub/Sub delivers.", "Send what it says in smaller events."),
    "bucket_unexpected": Code("event", "It names an object of another bucket than its stage's.", _RESEND),
    "event_unknown": Code(
        "event", "Its type is not in the catalogue.", "Deploy the version that knows it, then send it back."
    ),
    "event_unexpected": Code(
        "event", "The stage does not react to its type.", "Compare subscriptions with `ripple/deployment/routes.py`."
    ),
    "manifest_malformed": Code(
        "event", "The manifest that it names cannot be read, or its fields are wrong or unknown.", _AGAIN
    ),
    "export_unknown": Code("event", "It asks for a slice that no plan of an export has.", _RESEND),
    "export_mismatch": Code(
        "event",
        "The slices of a large export hold as many documents as the manifest promises, but other ones.",
        "Compare `exports/KEY` and the manifest with the collection; what was exported stays in Bronze.",
    ),
    "uri_malformed": Code(
        "event", "Something that should be gs://BUCKET/OBJECT is not, or is in another bucket.", _RESEND
    ),
    "tick_malformed": Code(
        "event",
        "A tick whose flows, dates or arguments make no sense, or with a key that nobody reads.",
        _RESEND,
    ),
    "command_malformed": Code(
        "event", "A command that lacks something, garbles it, or has a key that nobody reads.", _RESEND
    ),
    "batch_unknown": Code(
        "event", "There is no such batch, or its run never succeeded.", "See `ripple runs` for those that are."
    ),
    "replay_empty": Code("event", "Nothing matches the replay.", "Check the URI, or the flow and the dates."),
    "replay_too_large": Code(
        "event", "More objects than one replay takes.", "Replay shorter windows, one after the other."
    ),
    "dead_letter_unknown": Code("event", "No dead letter has that id.", "See `ripple dead-letters --all`."),
    "gave_up": Code(
        "event",
        "A stage did not take it in as many deliveries as its subscription allows.",
        "Read the stage's log, fix the cause, then `ripple replay --dead-letter ID`.",
    ),
}
