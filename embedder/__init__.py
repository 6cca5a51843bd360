"""The embedder: a separate program that turns pictures into rows of the face cache."""

import os

# ONNX Runtime would report to its makers; faces of people are nobody's telemetry. It has to be
# set before the library is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
