"""What people see when something goes wrong: what happened, what to do, and a reference for whoever helps.

The pages stand alone: no database, no session, no script or style but our own files, so that they work when
little else does.
"""

import logging
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.decorators.csp import csp_override
from django.views.decorators.csrf import requires_csrf_token

from tenants.public_pages import PUBLIC_CSP

logger = logging.getLogger("config.errors")


@requires_csrf_token
@csp_override(PUBLIC_CSP)
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "errors/400.html", 400)


@requires_csrf_token
@csp_override(PUBLIC_CSP)
def no_right(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "errors/403.html", 403)


@requires_csrf_token
@csp_override(PUBLIC_CSP)
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "errors/404.html", 404)


@requires_csrf_token
@csp_override(PUBLIC_CSP)
def broken(request: HttpRequest) -> HttpResponse:
    return _page(request, "errors/500.html", 500, level=logging.ERROR)


@csp_override(PUBLIC_CSP)
def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW. Going back keeps what was typed, since the browser holds it."""
    return _page(request, "errors/form_expired.html", 403, cause=reason)


def _page(
    request: HttpRequest, template: str, status: int, *, level: int = logging.INFO, cause: str = ""
) -> HttpResponse:
    reference = str(uuid.uuid4())
    # The pattern and not the address: that may hold a token or what somebody typed.
    route = request.resolver_match.route if request.resolver_match else "(no page)"
    logger.log(level, "%s %s answered %s, reference %s %s", request.method, route, status, reference, cause)
    context: dict[str, Any] = {"reference": reference, "status": status}
    response = HttpResponse(loader.render_to_string(template, context, request), status=status)
    response["Cache-Control"] = "no-store"
    response["X-Reference"] = reference
    return response
