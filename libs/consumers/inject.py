"""What the composition root gives to handlers: `uow: Annotated[UnitOfWorkFactory, Given("uow")]`."""

from typing import Any

from fast_depends.library import CustomField


class Inject(CustomField):
    """FastStream's `Context`, but for a thread: it would have another one look for each of these, for each message."""

    def __init__(self, name: str) -> None:
        super().__init__(cast=False)
        self._name = name

    async def use(self, /, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override] # It may be a coroutine.
        found = super().use(**kwargs)
        # Where FastStream puts the broker's context for whoever looks something up in it.
        found[str(self.param_name)] = kwargs["context__"].get(self._name)
        return found
