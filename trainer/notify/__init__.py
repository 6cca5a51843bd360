"""Messages to the operator: what happened in a build, by the services that the settings name."""
