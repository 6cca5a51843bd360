"""DeepFace's published weights to ONNX: a stage with an environment of its own (TensorFlow)."""
