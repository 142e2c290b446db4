import pytest

from auth_service.domain import credentials


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada.L@EXAMPLE.Com ", "ada.l@example.com"),
        ("a+b@example.co.uk", "a+b@example.co.uk"),
        ("admin@shop.local", "admin@shop.local"),
        ("admin@shop.test", "admin@shop.test"),
        ("ÄDA@EXÄMPLE.com", "äda@exämple.com"),
        ("a\u0308da@example.com", "äda@example.com"),
    ],
)
def test_one_mailbox_has_one_spelling(given: str, kept: str) -> None:
    assert credentials.email_address(given) == kept
    assert credentials.login(given) == kept


@pytest.mark.parametrize(
    "given",
    ["", " ", "ada", "@example.com", "ada@", "a b@example.com", "a@b@example.com", "ada@example..com", "ada@localhost",
     "Ada <ada@example.com>", '"a b"@example.com', "ada@[127.0.0.1]", "a\x00da@example.com", "\ud800@example.com",
     "ada@" + "a" * 300 + ".com"],
)  # fmt: skip
def test_anything_else_is_no_address(given: str) -> None:
    with pytest.raises(ValueError, match="must be an e-mail address"):
        credentials.email_address(given)


@pytest.mark.parametrize("given", ["abc", "A.b_c-9", "...", "x" * 32])
def test_a_username_is_kept_as_it_is(given: str) -> None:
    assert credentials.username(given) == given


@pytest.mark.parametrize(
    "given", ["", "ab", "x" * 33, "a b c", "äbc", "a@b.c", "abc\n", "abc\x00", "\u0661\u0662\u0663"]
)
def test_anything_else_is_no_username(given: str) -> None:
    with pytest.raises(ValueError, match="3 to 32"):
        credentials.username(given)


@pytest.mark.parametrize("given", ["12345678", "x" * 72, "😀" * 18, "  spaces  "])
def test_a_password_is_kept_as_it_is(given: str) -> None:
    assert credentials.password(given) == given


@pytest.mark.parametrize("given", ["", "1234567", "x" * 73, "😀" * 19, "é" * 37, "\ud800" * 8])
def test_anything_else_is_no_password(given: str) -> None:
    with pytest.raises(ValueError, match=r"characters|bytes|encode"):
        credentials.password(given)
