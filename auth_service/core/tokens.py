"""Issuing access tokens; verifying them is `libs.tokens`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jose import jwt

from auth_service.core.keys import SigningKey
from auth_service.domain.ports import AccessToken
from auth_service.domain.user import User
from libs.process.ids import new_id
from libs.tokens.keys import ALGORITHM

LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class JwtAccessTokens:
    signing: SigningKey
    issuer: str
    audience: str

    def issue(self, user: User, now: datetime) -> AccessToken:
        lifetime = int(LIFETIME.total_seconds())
        issued_at = int(now.timestamp())
        claims = {
            "sub": str(user.id),
            "role": user.role,
            "username": user.username,
            "iat": issued_at,
            "exp": issued_at + lifetime,
            "jti": str(new_id()),
            "iss": self.issuer,
            "aud": self.audience,
        }
        token = jwt.encode(claims, self.signing.key, ALGORITHM, headers={"kid": self.signing.kid})
        return AccessToken(token, lifetime)
