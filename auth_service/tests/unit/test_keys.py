import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from auth_service.core.keys import SigningKey, _thumbprint, main, write_new_key
from auth_service.core.tokens import JwtAccessTokens
from auth_service.domain.user import User
from libs.process.ids import new_id
from libs.tokens.keys import LocalKeys
from libs.tokens.verifier import TokenVerifier


def test_a_key_is_written_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key.pem"
    assert main([str(path)]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = path.read_bytes()
    assert main([str(path)]) == 0
    assert not write_new_key(path)
    assert path.read_bytes() == written
    assert list(path.parent.iterdir()) == [path]
    assert main([]) == 2


def test_the_public_key_has_nothing_private(tmp_path: Path) -> None:
    write_new_key(tmp_path / "key.pem")
    key = SigningKey.load(tmp_path / "key.pem")
    assert set(key.public) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert SigningKey.load(tmp_path / "key.pem").kid == key.kid
    write_new_key(tmp_path / "other.pem")
    assert SigningKey.load(tmp_path / "other.pem").kid != key.kid


def test_a_key_id_is_the_thumbprint_of_rfc_7638() -> None:
    # The point of RFC 7517, appendix A.1, and the thumbprint that others have published of it.
    point = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }
    assert _thumbprint(point) == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)])
def test_another_kind_of_key_is_refused(tmp_path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    with pytest.raises(TypeError, match="P-256"):
        SigningKey.load(tmp_path / "key.pem")


async def test_what_is_issued_is_believed(tmp_path: Path) -> None:
    write_new_key(tmp_path / "key.pem")
    signing = SigningKey.load(tmp_path / "key.pem")
    now = datetime.now(UTC)
    user, _ = User.register(new_id(), email="a@example.com", username="ada", password_hash="", now=now, role="admin")
    issued = JwtAccessTokens(signing, "shop-auth", "shop").issue(user, now)
    verifier = TokenVerifier(LocalKeys(signing.jwks), issuer="shop-auth", audience="shop")
    principal = await verifier.verify(issued.token)
    assert (principal.user_id, principal.username, principal.role) == (user.id, "ada", "admin")
    assert principal.expires_at == int(now.timestamp()) + issued.expires_in
