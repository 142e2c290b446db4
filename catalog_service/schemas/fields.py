"""Types of fields, with the rules of the domain."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from catalog_service.domain.slugs import MAX_SLUG, is_slug
from catalog_service.domain.stock import MAX_ON_HAND
from libs.http.fields import Text, TrimmedText


def _slug(text: str) -> str:
    if not is_slug(text):
        raise ValueError("must be lower-case letters, digits and single hyphens, and not look like an id")
    return text


def _image_url(url: str) -> str:
    if any(char.isspace() or not char.isprintable() or char == "\\" for char in url):
        raise ValueError("must not contain spaces, control characters or backslashes")
    parts = urlsplit(url)
    is_ours = url.startswith("/") and not url.startswith("//")
    if not is_ours and not (parts.scheme in ("http", "https") and parts.hostname):
        raise ValueError("must be an http(s) address, or a path that begins with one slash")
    return url


Name = Annotated[TrimmedText, Field(min_length=1, max_length=200)]
Slug = Annotated[
    str,
    AfterValidator(_slug),
    Field(json_schema_extra={"pattern": "^[a-z0-9]+(?:-[a-z0-9]+)*$", "minLength": 1, "maxLength": MAX_SLUG}),
]
Sku = Annotated[TrimmedText, Field(min_length=1, max_length=100)]
Description = Annotated[Text, Field(max_length=20_000)]
AttributeName = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
AttributeValue = Annotated[Text, StringConstraints(max_length=1_000)]
Attributes = Annotated[dict[AttributeName, AttributeValue], Field(max_length=50)]
ImageUrls = Annotated[
    list[Annotated[Text, Field(min_length=1, max_length=2_000), AfterValidator(_image_url)]], Field(max_length=50)
]
Quantity = Annotated[int, Field(strict=True, ge=0, le=MAX_ON_HAND)]
Delta = Annotated[int, Field(strict=True, ge=-MAX_ON_HAND, le=MAX_ON_HAND)]
