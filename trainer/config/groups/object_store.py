"""Settings of a DATA_DIR that is kept on an object store."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from trainer.config.groups.base import EmptyIsUnset, SettingsGroup

_Text = Annotated[str | None, EmptyIsUnset]


class ObjectStoreSettings(SettingsGroup):
    """DATA_DIR on an object store"""

    object_store: _Text = Field(
        None,
        description="Where DATA_DIR is kept for several machines, `s3://bucket/prefix`; empty: "
        "only here ([object store](object-store.md))",
    )
    object_store_endpoint: _Text = Field(
        None, description="Address of a server that speaks S3; empty: Amazon's"
    )
    object_store_region: _Text = Field(None, description="Region of the bucket")
    object_store_access_key: _Text = Field(
        None,
        description="Name of the access key; empty: AWS's own variables or the machine's role",
    )
    object_store_secret_key: Annotated[SecretStr | None, EmptyIsUnset] = Field(
        None, description="The secret that belongs to it"
    )
    object_store_http: bool = Field(
        False, description="Allow an endpoint without TLS, on a network of your own"
    )
    object_store_minutes: float = Field(
        10.0,
        gt=0,
        description="Minutes after which a crawl or an embedding pushes its finished parts; a "
        "machine that dies costs no more",
    )
