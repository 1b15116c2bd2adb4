"""The fake's HTTP side: routes verbs to the state, keeps watches open, and injects what a test wants to go wrong.

`api.fail("watch", Answer(410), times=2)` makes the next two watches fail; `api.requests` is what was asked. Verbs are those of RBAC.
"""

import asyncio
import contextlib
import json
import ssl
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from tests.support.kube_api.faults import Answer, Fault, Lost, Stream, event, status
from tests.support.kube_api.objects import Object, Objects, Past, Place, RefusalError, merged, selected


@dataclass(frozen=True)
class Request:
    """What was asked and by whom: common name of the client's certificate, and the connection's other end."""

    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    client: str = ""
    peer: object = None


class FakeApi:
    """See the package; an async context manager that listens on a free loopback port.

    `tokens`: the bearer tokens let in, None for everybody. `tls` makes it https.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, tokens: set[str] | None = None) -> None:
        self.objects = Objects()
        self.requests: list[Request] = []
        self.tokens = tokens
        self.bookmarks = 0
        self.bookmarked = 0
        self._watches = 0
        self._tls = tls
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}
        self._news = asyncio.Event()
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Listen."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await self._site.start()
        port = self._runner.addresses[0][1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """End all watches and stop."""
        self._ended.set()
        self._tell()
        await self._runner.cleanup()

    def fail(self, verb: str, fault: Fault, *, times: int = 1) -> None:
        """Have the next requests of this verb fail, after those that are to fail already."""
        self._faults[verb].extend([fault] * times)

    def fail_always(self, verb: str, fault: Fault | None) -> None:
        """Have all requests of this verb fail until told otherwise (None)."""
        self._always.pop(verb, None)
        if fault is not None:
            self._always[verb] = fault

    def asked(self, verb: str) -> list[Request]:
        """All requests of a verb so far."""
        return [one for one in self.requests if one.verb == verb]

    def put(self, path: str, body: Object) -> Object:
        """Write an object as another client would: `put("api/v1/namespaces/shop/services/web", {...})`."""
        written = self.objects.put(place_of(path), body)
        self._tell()
        return written

    def delete(self, path: str) -> None:
        """Delete an object as another client would."""
        self.objects.delete(place_of(path))
        self._tell()

    def compact(self) -> None:
        """Forget the history."""
        self.objects.compact()
        self._tell()

    def bookmark(self) -> None:
        """Send a bookmark to every watch that asked for them."""
        self.bookmarks += 1
        self._tell()

    def end_watches(self) -> None:
        """Close every watch, orderly, before anything that happens from now on is told."""
        self._watches += 1
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        place = place_of(request.match_info["path"])
        verb = _verb(request, place)
        body = await request.read()
        peer = request.transport.get_extra_info("peercert") if request.transport else None
        client = dict(pair for names in (peer or {}).get("subject", ()) for pair in names).get("commonName", "")
        other = request.transport.get_extra_info("peername") if request.transport else None
        self.requests.append(Request(verb, request.path, dict(request.query), request.headers, body, client, other))
        if (
            self.tokens is not None
            and request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens
        ):
            return web.json_response(status(401, "Unauthorized", "Unauthorized"), status=401)
        fault = self._faults[verb].popleft() if self._faults[verb] else self._always.get(verb)
        if isinstance(fault, Answer):
            return web.Response(
                body=fault.content(), status=fault.code, headers={"Content-Type": "application/json", **fault.headers}
            )
        if isinstance(fault, Stream):
            return await self._broken(request, fault)
        try:
            if verb == "watch":
                return await self._watch(request, place)
            answer = web.json_response(self._do(verb, place, request, json.loads(body) if body else {}))
        except RefusalError as error:
            details = {"causes": [{"field": error.field}]} if error.field else {}
            answer = web.json_response(status(error.code, error.reason, error.message, **details), status=error.code)
        if isinstance(fault, Lost) and request.transport is not None:
            request.transport.abort()
        return answer

    def _do(self, verb: str, place: Place, request: web.Request, body: Any) -> Object:
        if verb == "list":
            return self.objects.list(place, request.query)
        if verb == "get":
            return self.objects.get(place)
        try:
            return self._write(verb, place, request, body)
        finally:
            self._tell()

    def _write(self, verb: str, place: Place, request: web.Request, body: Any) -> Object:
        objects = self.objects
        if verb == "create":
            place = Place(place.root, place.plural, place.namespace, body["metadata"]["name"])
            if place in objects.now:
                raise RefusalError(409, "AlreadyExists", f'{place.plural} "{place.name}" already exists')
            return objects.put(place, {name: value for name, value in body.items() if name != "status"})
        whole = Place(place.root, place.plural, place.namespace, place.name)
        if verb == "delete":
            uid = body.get("preconditions", {}).get("uid")
            if uid and objects.get(whole)["metadata"]["uid"] != uid:
                raise RefusalError(409, "Conflict", "Precondition failed: UID in precondition differs")
            return objects.delete(whole)
        present = objects.now.get(whole)
        applies = request.content_type == "application/apply-patch+yaml"
        if present is None and not (applies and not place.subresource and not body["metadata"].get("uid")):
            if applies and body["metadata"].get("uid") and not place.subresource:
                raise RefusalError(409, "Conflict", "uid mismatch: there is no existing object")
            objects.get(whole)
        if applies and "fieldManager" not in request.query:
            raise RefusalError(400, "BadRequest", "fieldManager is required for apply patch")
        _check(body.get("metadata", {}), present)
        wanted = body if verb == "update" else merged(present or {}, body)
        return objects.put(whole, _isolated(present or {}, wanted, place.subresource))

    async def _watch(self, request: web.Request, place: Place) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        version, bookmarks = int(request.query["resourceVersion"]), self.bookmarks
        until = asyncio.get_running_loop().time() + float(request.query.get("timeoutSeconds", "1800"))
        generation = self._watches
        while not self._ended.is_set() and generation == self._watches:
            news = self._news
            if version < self.objects.compacted:
                gone = status(410, "Expired", f"too old resource version: {version} ({self.objects.compacted})")
                await response.write(event("ERROR", gone))
                break
            for past in [past for past in self.objects.history if past.version > version]:
                if place.holds(past.place) and (line := _line(past, request.query)):
                    await response.write(line)
            version = self.objects.version
            if bookmarks < self.bookmarks and request.query.get("allowWatchBookmarks") == "true":
                bookmarks = self.bookmarks
                self.bookmarked += 1
                await response.write(event("BOOKMARK", {"metadata": {"resourceVersion": str(version)}}))
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await news.wait()
        await response.write_eof()
        return response

    async def _broken(self, request: web.Request, fault: Stream) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for chunk in fault.chunks:
            await response.write(chunk)
        if fault.end == "silence":
            await self._ended.wait()
        elif fault.end == "abort" and request.transport is not None:
            request.transport.write(b"ffff\r\nthis chunk ends too ea")
            request.transport.close()
        else:
            await response.write_eof()
        return response


def place_of(path: str) -> Place:
    """Read a path: `api/v1/namespaces/NS/PLURAL/NAME/SUBRESOURCE`, each as far as it goes."""
    parts = path.strip("/").split("/")
    count = 2 if parts[0] == "api" else 3
    root, rest = "/".join(parts[:count]), parts[count:]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource = [*rest, "", "", ""][:3]
    return Place(root, plural, namespace, name, subresource)


def _verb(request: web.Request, place: Place) -> str:
    if request.method == "GET":
        if place.name:
            return "get"
        return "watch" if request.query.get("watch") == "true" else "list"
    return {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[request.method]


def _check(metadata: Mapping[str, Any], present: Object | None) -> None:
    """Optimistic locking, and a uid as a condition."""
    if present is None:
        return
    there = present["metadata"]
    if metadata.get("resourceVersion", there["resourceVersion"]) != there["resourceVersion"]:
        raise RefusalError(409, "Conflict", "Operation cannot be fulfilled: the object has been modified")
    if metadata.get("uid", there["uid"]) != there["uid"]:
        raise RefusalError(422, "Invalid", "metadata.uid: Invalid value: field is immutable", field="metadata.uid")


def _isolated(present: Object, wanted: Object, subresource: str) -> Object:
    """A write to the object leaves its status, a write to the status leaves all else."""
    kept, source = (wanted, present) if subresource != "status" else (present, wanted)
    result = {name: value for name, value in kept.items() if name != "status"}
    return result | ({"status": source["status"]} if "status" in source else {})


def _line(past: Past, query: Mapping[str, str]) -> bytes:
    """One event as a watch with these selectors sees it: leaving the selection is a deletion."""
    now = selected(past.body, query) and past.type != "DELETED"
    before = past.before is not None and selected(past.before, query)
    if now:
        return event("MODIFIED" if before else "ADDED", past.body)
    return event("DELETED", past.body) if before else b""
