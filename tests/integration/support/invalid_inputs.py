"""What clients send by accident, and attackers on purpose. JSON text, because some of it no writer would write."""

import json

DEEP = 50_000

VALUES: dict[str, str] = {
    "null": "null",
    "true": "true",
    "zero": "0",
    "huge integer": "9" * 400,
    "longer than Python reads": "9" * 5000,
    "below int64": "-9223372036854775809",
    "beyond float": "1e400",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "fraction": "0.5",
    "empty text": '""',
    "blank": '"  \\t\\n "',
    "NUL": '"a\\u0000b"',
    "only NUL": '"\\u0000"',
    "lone high surrogate": '"\\ud800"',
    "lone low surrogate": '"a\\udc00b"',
    "reversed pair": '"\\ude00\\ud83d"',
    "noncharacter": '"\\uffff"',
    "right to left": '"\\u202eevil"',
    "emoji": '"😀"',
    "escape codes": '"\\u001b[31m\\r\\n"',
    "quotes": json.dumps("'; DROP TABLE users; -- \" \\ %_ {{7*7}} ${x} <b>"),
    "long text": f'"{"x" * 300_000}"',
    "empty list": "[]",
    "empty object": "{}",
    "list in list": "[[[[]]]]",
    "object with NUL key": '{"\\u0000": "\\u0000"}',
    "object with surrogate key": '{"\\udfff": "x"}',
    "list of null": "[null]",
    "list of NUL": '["/\\u0000"]',
    "deep list": "[" * DEEP + "]" * DEEP,
    "deep object": '{"a":' * DEEP + "1" + "}" * DEEP,
}

BODIES: dict[str, bytes] = {
    "bad UTF-8": b'{"a": "\xff\xfe\xc0\x80"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "NUL bytes": b"\x00" * 100,
    "deep list": b"[" * DEEP,
    "deep object": b'{"a":' * DEEP,
    "the same key twice": b'{"a": 1, "a": 2}',
    "surrogate key": b'{"\\ud800": 1}',
    "NUL key": b'{"\\u0000": 1}',
    "trailing garbage": b"{} {}",
    "comment": b"{/* */}",
    "number": b"1e999",
    "many keys": b"{" + b",".join(b'"k%d":1' % number for number in range(20_000)) + b"}",
}

QUERIES = (
    "", " ", "\x00", "a\x00b", "\ud800", "%", "_", "\\", "'", '"', "'; --", "&|!:*()<>", "a & ", "!!", "(", "*:*",
    "\\x00", "-1", "0", "9" * 400, "1e400", "NaN", "true", "null", "[]", "😀", "\u202e", "x" * 3000, "a " * 500,
    "../..", "{{7*7}}",
)  # fmt: skip
