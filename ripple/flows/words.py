"""Every word of a flow file: what it takes and means, with an example. The reader and the page of words are made from this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """What a word takes, in words; what it means; an example as it stands in a file; whether a file must have it."""

    takes: str
    meaning: str
    example: str
    required: bool = False


Words = Mapping[str, Word]

DOCUMENT: Words = {
    "kind": Word("DataContract", "What the standard calls such a file.", "kind: DataContract", True),
    "apiVersion": Word("v3.0.0 to v3.2.0", "Version of the standard.", "apiVersion: v3.2.0", True),
    "id": Word("text", "An id of the contract, whatever an organisation uses.", "id: refunds", True),
    "name": Word(
        "lower case letters, digits, _",
        "The flow: its folder in Bronze, its tag in Dataform, its word in every fact. The file's name without `.yaml`.",
        "name: refunds",
        True,
    ),
    "version": Word("text", "Version of this file, for people.", "version: 1.0.0", True),
    "status": Word("text", "For people: active, draft, deprecated. A flow runs whatever it is.", "status: active"),
    "domain": Word("text", "For people: the part of the business.", "domain: sales"),
    "team": Word("{name}", "Who answers for the data.", "team: {name: payments}"),
    "description": Word("{purpose, usage, limitations}", "For people.", "description: {purpose: Refunds of orders.}"),
    "schema": Word("list of one", "The rows: below.", "schema: [...]", True),
    "customProperties": Word("list of {property, value}", "What the standard has no word for: below.", ""),
}

TABLE: Words = {
    "name": Word("lower case letters, digits, _", "The silver table.", "name: refunds", True),
    "description": Word("text", "For people.", "description: Refunds, as the payment provider reports them."),
    "dataGranularityDescription": Word(
        "text", "What one row is, in a sentence.", "dataGranularityDescription: A refund of an order."
    ),
    "properties": Word("list", "The fields, in the order of the columns: below.", "properties: [...]", True),
    "quality": Word(
        "list of {name, type: custom, engine: ripple, implementation}",
        "Rules over a row, each a condition in SQL. A row that breaks one is quarantined under the rule's name.",
        "quality: [{name: within_order, type: custom, engine: ripple, implementation: amount_cents <= order_cents}]",
    ),
}

RULE: Words = {
    "name": Word("lower case letters, digits, _", "Code of the rows that break it.", "name: within_order", True),
    "description": Word("text", "For people.", "description: Nothing is refunded that was not paid."),
    "type": Word("custom", "As the standard has it.", "type: custom", True),
    "engine": Word("ripple", "As the standard has it.", "engine: ripple", True),
    "implementation": Word("a condition in SQL", "Over the row's columns.", "implementation: amount_cents > 0", True),
}

FIELD: Words = {
    "name": Word("a column's name", "The column in silver.", "name: amount_cents", True),
    "physicalName": Word("text", "The field's name in the files, where it is another.", "physicalName: Amount (cents)"),
    "description": Word("text", "What stands in it.", "description: Amount paid back, in cents."),
    "logicalType": Word(
        "string, integer, number, boolean, date, timestamp, array, object", "Its type.", "logicalType: integer", True
    ),
    "logicalTypeOptions": Word("by type", "Its bounds: below.", "logicalTypeOptions: {minimum: 1}"),
    "required": Word(
        "true or false", "Whether a row without it is refused. Without the word it may lack.", "required: true"
    ),
    "primaryKey": Word(
        "true or false",
        "Whether it is the key, or part of it. A key of one text is the key; of any other, silver has a column row_key. "
        "Without a key, a row's content is its key.",
        "primaryKey: true",
    ),
    "primaryKeyPosition": Word("1, 2, ...", "Its place in a key of several fields.", "primaryKeyPosition: 1"),
    "enum": Word("list of {value, description}", "The texts that may stand in it.", "enum: [{value: paid}]"),
    "items": Word(
        "{logicalType}",
        "What a list holds: values of one type, or objects with properties.",
        "items: {logicalType: string}",
    ),
    "properties": Word(
        "list of fields",
        "The fields of an object. Without the word it may hold anything, and its column is its JSON text.",
        "properties: [{name: sku, logicalType: string}]",
    ),
    "customProperties": Word("list of {property, value}", "What the standard has no word for: below.", ""),
}

OPTIONS: Mapping[str, Words] = {
    "string": {
        "maxLength": Word("characters", "Longest text; 4,096 without the word.", "maxLength: 100"),
        "pattern": Word("regular expression", "What the whole text must match.", "pattern: '[A-Z]{2}'"),
    },
    "integer": {
        "minimum": Word("integer", "Least value.", "minimum: 1"),
        "maximum": Word("integer", "Greatest value.", "maximum: 100"),
    },
    "number": {
        "minimum": Word("number", "Least value.", "minimum: 0"),
        "maximum": Word("number", "Greatest value.", "maximum: 1"),
    },
    "array": {"maxItems": Word("count", "Longest list; 1,000 without the word.", "maxItems: 500")},
}

FIELD_PROPERTIES: Words = {
    "formats": Word(
        "list",
        "How the field's timestamps are written: names, patterns and a zone of docs/timestamps.md. "
        "Without the word: iso_zoned, in Avro and Parquet also timestamp.",
        "{property: formats, value: [iso_zoned, epoch_millis]}",
    ),
}

FLOW_PROPERTIES: Words = {
    "format": Word(
        "jsonl, json, csv, tsv, avro, parquet",
        "How its files are written; jsonl without the word. See docs/formats.md.",
        "{property: format, value: csv}",
    ),
    "dialect": Word(
        "{delimiter, quote, header, names, nulls, encoding}",
        "How csv and tsv are written.",
        "{property: dialect, value: {delimiter: ';', nulls: ['', NA]}}",
    ),
    "change": Word(
        "append or upsert",
        "append (without the word): a key comes once, a second copy is a duplicate. upsert: of a key the row with the "
        "greatest version is current.",
        "{property: change, value: upsert}",
    ),
    "versionField": Word(
        "a required timestamp, date or integer field",
        "What orders the rows of a key, for upsert.",
        "{property: versionField, value: updated_at}",
    ),
    "eventTime": Word(
        "{field, column, grain, slackDays, floor}",
        "When what the row is about happened. `field`: a required timestamp or date; `column`: the day in silver, which its tables are "
        "partitioned by; `grain`: day, month or year of a partition; a row later than its arrival and `slackDays` (2), or earlier "
        "than `floor`, is quarantined. Without the word the day of arrival takes its place.",
        "{property: eventTime, value: {field: occurred_at, grain: month, floor: '2000-01-01'}}",
    ),
    "newFields": Word(
        "rescue or refuse",
        "What becomes of a field that the file does not name: kept in `_rescued` beside the row (without the word), or the row is "
        "quarantined.",
        "{property: newFields, value: refuse}",
    ),
    "widenedTypes": Word(
        "rescue or refuse",
        "What becomes of a value of a wider type than its field's: refused without the word.",
        "{property: widenedTypes, value: rescue}",
    ),
    "rewrite": Word(
        "add or replace",
        "What a name that is written again does: its rows come beside those of before (without the word), or stand for them.",
        "{property: rewrite, value: replace}",
    ),
    "maxDeleted": Word(
        "a share, 0 to 1",
        "A whole delivery may delete so many of the keys. Without the word the flow has no whole deliveries. See docs/lake.md.",
        "{property: maxDeleted, value: 0.2}",
    ),
    "clusterBy": Word(
        "list of fields",
        "What silver is clustered by; the key without the word.",
        "{property: clusterBy, value: [order_id]}",
    ),
    "generator": Word(
        "{pepper}",
        "Its rows are simulated: generators/NAME.py is its job, a tick starts it; `pepper`: whether it makes tokens.",
        "{property: generator, value: {pepper: false}}",
    ),
    "collection": Word(
        "text",
        "The Firestore collection that it is exported from; by now of the flow sales only.",
        "{property: collection, value: orders}",
    ),
    "feeds": Word(
        "list of tables",
        "Tables of gold that are made from it, which `ripple where` and a replay's plan name.",
        "{property: feeds, value: [gold.fct_refunds]}",
    ),
}
