"""Categories."""

from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from catalog_service.domain.category import CategoryFields
from catalog_service.schemas.fields import Name, Slug
from libs.http.fields import Body, NotNull, Timestamp

LINK: dict[str, Any] = {"id": "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e", "name": "Kitchen", "slug": "kitchen", "level": 0}
CATEGORY: dict[str, Any] = {
    "id": "0199f3a4-81c0-7b11-8f1e-52a3c0f2d9aa",
    "name": "Kettles",
    "slug": "kettles",
    "parent_id": LINK["id"],
    "level": 1,
    "version": 1,
    "created_at": "2026-01-31T09:30:00.000000Z",
    "updated_at": "2026-01-31T09:30:00.000000Z",
}
COUNTED: dict[str, Any] = {**CATEGORY, "product_count": 12}


class CategoryCreate(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"name": "Kettles", "parent_id": LINK["id"]}})

    name: Name
    parent_id: UUID | None = Field(default=None, description="Without it, the category is a root.")
    slug: Annotated[Slug | None, NotNull] = Field(default=None, description="Made from the name if it is left out.")


class CategoryUpdate(Body):
    """Any of these; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Electric kettles"}})

    name: Annotated[Name | None, NotNull] = None
    slug: Annotated[Slug | None, NotNull] = None
    parent_id: UUID | None = Field(default=None, description="null makes it a root.")

    @property
    def fields(self) -> CategoryFields:
        return cast("CategoryFields", self.model_dump(exclude_unset=True))


class CategoryResponse(BaseModel):
    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": CATEGORY})

    id: UUID
    name: str
    slug: str
    parent_id: UUID | None
    level: int = Field(description="How many categories are above it: 0 for a root.")
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class CategoryLink(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": LINK})

    id: UUID
    name: str
    slug: str
    level: int


class CategoryDetails(CategoryResponse):
    model_config = ConfigDict(json_schema_extra={"example": {**CATEGORY, "ancestors": [LINK], "children": []}})

    ancestors: list[CategoryLink] = Field(description="From the root down.")
    children: list[CategoryLink] = Field(description="Direct ones, by name.")


class CountedCategory(CategoryResponse):
    model_config = ConfigDict(json_schema_extra={"example": COUNTED})

    product_count: int = Field(description="Products for sale in it and in everything below.")


class CategoryList(BaseModel):
    """All of them on one page: a child stands below its parent."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [COUNTED], "next_cursor": None}})

    items: list[CountedCategory]
    next_cursor: None


class CategoryNode(CountedCategory):
    model_config = ConfigDict(json_schema_extra={"example": {**COUNTED, "children": []}})

    children: list["CategoryNode"]


class CategoryTree(BaseModel):
    """The same, nested."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [{**COUNTED, "children": []}], "next_cursor": None}}
    )

    items: list[CategoryNode]
    next_cursor: None
