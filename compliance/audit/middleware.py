"""Requests act on behalf of their user."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from compliance.audit.context import Acting, acting_lazily, actor_kind_here
from compliance.audit.models import ActorKind
from tenants.ids import uuid7

GetResponse = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Gives the request an id (also sent as ``X-Request-ID``; a client's own is not believed) and lets audit
    entries name its user. Stands after AuthenticationMiddleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid7()
        signed_in_as = actor_kind_here()

        def resolve() -> Acting:
            # Asked anew for each entry: signing in changes the user in the middle of a request.
            user_id = request.user.pk
            return Acting(
                actor_id=user_id,
                actor_kind=ActorKind.SYSTEM if user_id is None else signed_in_as,
                request_id=request_id,
            )

        with acting_lazily(resolve):
            response = self.get_response(request)
        response["X-Request-ID"] = str(request_id)
        return response
