"""Methods that are written once, and block in one client where they are awaited in the other."""

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from inspect import Signature, signature
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, get_args, overload

from darkroom_client.flows import Flow
from darkroom_client.sending import AsyncSender, Sender

P = ParamSpec("P")
T = TypeVar("T")


class SyncResource:
    """A part of :class:`Client`."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender


class AsyncResource:
    """A part of :class:`AsyncClient`."""

    def __init__(self, sender: AsyncSender) -> None:
        self.sender = sender


class method(Generic[P, T]):
    """Decorates a function that makes a flow: callers see a method that walks through it."""

    def __init__(self, flow: Callable[Concatenate[Any, P], Flow[T]]) -> None:
        self._flow = flow
        self._signature = _called(flow)

    @overload
    def __get__(self, resource: None, kind: type) -> Self: ...
    @overload
    def __get__(self, resource: SyncResource, kind: type) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, resource: AsyncResource, kind: type
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...

    def __get__(self, resource: SyncResource | AsyncResource | None, kind: type) -> Any:
        if resource is None:
            return self

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return resource.sender.run(self._flow(resource, *args, **kwargs))

        call = update_wrapper(call, self._flow)
        call.__signature__ = self._signature  # pyright: ignore[reportAttributeAccessIssue]
        return call


def _called(flow: Callable[..., Flow[Any]]) -> Signature:
    """How the method is called, and what comes of it: for ``help()`` and notebooks."""
    written = signature(flow)
    _, *parameters = written.parameters.values()
    *_, result = get_args(written.return_annotation)
    return written.replace(parameters=parameters, return_annotation=result)
