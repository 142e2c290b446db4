"""Refusals that many endpoints have in common."""

from libs.errors import VersionConflict
from libs.http.request_middleware import BodyTooLarge
from libs.tokens.principal import Forbidden, InvalidToken, KeysUnavailable, NotAuthenticated, UserInactive

ADMINS_ONLY = (NotAuthenticated, InvalidToken, UserInactive, Forbidden, KeysUnavailable)
CREATING = (*ADMINS_ONLY, BodyTooLarge)
CHANGING = (*CREATING, VersionConflict)
DELETING = (*ADMINS_ONLY, VersionConflict)
