"""The settings by what they are about; `trainer.config.settings.Settings` is all of them."""
