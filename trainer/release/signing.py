"""A signed manifest (ed25519), for those who hand releases on: optional on both sides."""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from trainer.errors import ConfigError, DamagedFileError
from trainer.release.contract import MANIFEST, SIGNATURE
from trainer.services.private import write_private
from trainer.staging.atomic import write_bytes


def new_key(path: Path) -> Path:
    """Write a private key for nobody else to read, and its public key beside it (.pub)."""
    public = path.with_name(f"{path.name}.pub")
    if path.exists() or public.exists():
        raise ConfigError(f"{path} or {public.name} is there already; a key is never overwritten")
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
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError(f"{key_file}: no private key; make one with `trainer keys new`") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{key_file}: no ed25519 key; make one with `trainer keys new`")
    signature = base64.b64encode(key.sign((directory / MANIFEST).read_bytes()))
    write_bytes(directory / SIGNATURE, signature + b"\n")


def require_signed(directory: Path, public_file: Path) -> None:
    """Raise `DamagedFileError` unless manifest.json is signed with that key."""
    try:
        key = serialization.load_pem_public_key(public_file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{public_file}: no public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{public_file}: no ed25519 key")
    path = directory / SIGNATURE
    if not path.exists():
        raise DamagedFileError(f"{path}: missing; the release is not signed")
    try:
        signature = base64.b64decode(path.read_bytes().strip(), validate=True)
        key.verify(signature, (directory / MANIFEST).read_bytes())
    except (InvalidSignature, ValueError):
        raise DamagedFileError(
            f"{path}: not made by {public_file.name} for this manifest"
        ) from None
