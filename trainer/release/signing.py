"""A signed manifest (ed25519), for those who hand releases on: optional on both sides."""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from trainer.errors import ConfigError, DamagedFileError
from trainer.release.contract import MANIFEST, SIGNATURE
from trainer.staging.atomic import write_bytes
from trainer.staging.private import write_private


def new_key(path: Path) -> Path:
    """Write a private key for nobody else to read, and its public key beside it (.pub)."""
    public = path.with_name(f"{path.name}.pub")
    if path.exists() or public.exists():
        raise ConfigError(
            f"{path} or {public.name} is there already; name a new file, since a key is never "
            "overwritten"
        )
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_private(path, private)
    write_bytes(
        public,
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    )
    return public


def sign(directory: Path, key_file: Path) -> None:
    """Write manifest.sig: the manifest has the hashes of the other files."""
    _write_signature(directory / MANIFEST, directory / SIGNATURE, key_file)


def sign_file(path: Path, key_file: Path) -> None:
    """Write `<path>.sig`."""
    _write_signature(path, _beside(path), key_file)


def require_signed(directory: Path, public_file: Path) -> None:
    """Raise `DamagedFileError` unless manifest.json is signed with that key."""
    _require(directory / MANIFEST, directory / SIGNATURE, _public(public_file), public_file.name)


def require_signed_file(path: Path, public_file: Path) -> None:
    """Raise `DamagedFileError` unless `<path>.sig` is that key's."""
    _require(path, _beside(path), _public(public_file), public_file.name)


def require_own(directory: Path, key_file: Path) -> None:
    """Raise `DamagedFileError` for a release whose signature is not ours.

    One without a signature may be from before there was a key.
    """
    if (directory / SIGNATURE).exists():
        public = _private(key_file).public_key()
        _require(directory / MANIFEST, directory / SIGNATURE, public, key_file.name)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.sig")


def _write_signature(signed: Path, signature: Path, key_file: Path) -> None:
    made = _private(key_file).sign(signed.read_bytes())
    write_bytes(signature, base64.b64encode(made) + b"\n")


def _private(key_file: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError(f"{key_file}: no private key; make one with `trainer keys new`") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{key_file}: no ed25519 key; make one with `trainer keys new`")
    return key


def _public(public_file: Path) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(public_file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{public_file}: no public key; give the .pub file of the key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{public_file}: no ed25519 key; give the .pub file of the key")
    return key


def _require(signed: Path, signature: Path, key: Ed25519PublicKey, whose: str) -> None:
    if not signature.exists():
        raise DamagedFileError(
            f"{signature}: missing, so {signed.name} is not signed; set TRAINER_SIGNING_KEY and "
            "build again"
        )
    try:
        made = base64.b64decode(signature.read_bytes().strip(), validate=True)
        key.verify(made, signed.read_bytes())
    except (InvalidSignature, ValueError):
        raise DamagedFileError(
            f"{signature}: not made by {whose} for this {signed.name}; "
            "get it anew from who signed it"
        ) from None
