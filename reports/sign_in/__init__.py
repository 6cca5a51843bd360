"""Sign-in to the reports: by a shared password, or by OpenID Connect."""
